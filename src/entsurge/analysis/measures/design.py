"""The design of a trial: arms, blocks in which each runs once in an order drawn from the seed, what a budget allows."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Arm = tuple[str, ...]
"""What is in force in a run: measures by their ids, in the order of the trial."""
NONE: Arm = ()
ALONE, PAIRS = STAGES = "alone", "pairs"
BEST = 3  # measures whose pairs are tried where none are named


class Stage(NamedTuple):
    """Arms that are tried together: every block holds each of them once, and none."""

    name: str
    arms: tuple[Arm, ...]


def arm_id(arm: Arm) -> str:
    """`static-home + news-closed`; empty for none."""
    return " + ".join(arm)


def first_stage(measures: Sequence[str], pairs: Sequence[Arm]) -> Stage:
    """None, each measure alone, and the pairs that were named."""
    return Stage(ALONE, (NONE, *((each,) for each in measures), *pairs))


def second_stage(bought: Mapping[str, float]) -> Stage | None:
    """None, the three measures that bought most, and their pairs; nothing where fewer than two bought anything.

    `bought` are estimates: they choose what is worth a try, and rank nothing. The singles run again beside their pairs.
    """
    found = sorted((each for each in bought if bought[each] > 0), key=lambda each: (-bought[each], each))[:BEST]
    best = [each for each in bought if each in found]
    if len(best) < 2:
        return None
    return Stage(PAIRS, (NONE, *((each,) for each in best), *combinations(best, 2)))


def most_runs(measures: int, pairs: int | None, blocks: int) -> int:
    """How many runs so many blocks take at most; `pairs` is None where the best three choose them."""
    of_pairs = 0 if pairs is not None or measures < 2 else 1 + min(measures, BEST) + len(_pairs(min(measures, BEST)))
    return blocks * (1 + measures + (pairs or 0) + of_pairs)


def _pairs(count: int) -> list[tuple[int, int]]:
    return list(combinations(range(count), 2))


def order(stage: Stage, block: int, seed: int) -> list[Arm]:
    """The arms of a block in the order in which they run: a permutation of its own, the same for the same seed."""
    drawn = np.random.default_rng([seed % 2**32, STAGES.index(stage.name), block]).permutation(len(stage.arms))
    return [stage.arms[place] for place in drawn]
