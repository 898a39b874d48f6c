"""Statistics of differences within blocks of runs: exact signed-rank intervals, and max-T over sign flips of blocks.

A block holds one run of everything that is compared, so what a block's hour did to all of its runs cancels out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.ranks import CONFIDENCE
from entsurge.findings.comparison import Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_BLOCKS = 6
"""Under six blocks no interval of 95 % has an end: the smallest two-sided p value of n signs is 2 / 2^n."""
MOST_FLIPS = 4096
_NOTHING = 1e-12  # of a column's mean square: what rounding leaves of no spread at all


@lru_cache(maxsize=64)
def signed_rank_counts(blocks: int) -> tuple[int, ...]:
    """How many of the 2^blocks signs give each sum of the ranks that are positive (Wilcoxon, 1945)."""
    counts = [1]
    for rank in range(1, blocks + 1):
        counts = [
            (counts[total] if total < len(counts) else 0) + (counts[total - rank] if total >= rank else 0)
            for total in range(len(counts) + rank)
        ]
    return tuple(counts)


def cut_off(blocks: int, confidence: float = CONFIDENCE) -> int:
    """Which of the Walsh averages in order, from either end, is the edge of the interval; 0 where there is none."""
    below, left_out = 0, 0
    for count in signed_rank_counts(blocks):
        below += count
        if below / 2**blocks > (1 - confidence) / 2:
            break
        left_out += 1
    return left_out


def paired_shift(differences: Sequence[float], confidence: float = CONFIDENCE) -> Shift:
    """The median of all averages of two differences (Hodges and Lehmann, 1963), with its exact signed-rank interval.

    One difference a block, at least one. `low` and `high` are None under six blocks at 95 %.
    """
    values = np.asarray(differences, float)
    first, second = np.triu_indices(len(values))
    averages = np.sort((values[first] + values[second]) / 2)
    left_out, estimate = cut_off(len(values), confidence), float(np.median(averages))
    if left_out == 0:
        return Shift(estimate, None, None)
    return Shift(estimate, float(averages[left_out - 1]), float(averages[-left_out]))


def sign_flip_p(differences: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Adjusted two-sided p values of each column's mean difference from 0.

    `differences` has a row a block and a column a comparison; NaN where a block lacks one of the two runs. Step-down
    max-T of Westfall and Young (1993): the null is that a block's runs could bear either label, so that the signs of a
    whole row flip together; all flips up to thirteen blocks, beyond that 4096 of which one is as observed.
    """
    if not differences.size:
        return np.ones(differences.shape[1])
    known = ~np.isnan(differences)
    values, count = np.where(known, differences, 0.0), known.sum(axis=0)
    nulls = _t(values, count, flips(len(values), seed))
    observed = nulls[0]
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(nulls[:, order][:, ::-1], axis=1)[:, ::-1]
    reached = (largest >= observed[order] * (1 - 1e-9)).mean(axis=0)
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate(reached)
    return adjusted


def flips(blocks: int, seed: int = 0) -> NDArray[np.float64]:
    """Signs by which blocks are multiplied, a row each, the first as observed; a flip of all blocks is none."""
    if 2 ** (blocks - 1) <= MOST_FLIPS:
        codes = np.arange(2 ** (blocks - 1))
        bits = (codes[:, None] >> np.arange(blocks)) & 1
    else:
        bits = np.random.default_rng(seed).integers(0, 2, (MOST_FLIPS, blocks))
        bits[0] = 0
    return (1 - 2 * bits).astype(np.float64)


def _t(values: NDArray[np.float64], count: NDArray[np.int64], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """|mean| over its standard error, for every flip (rows) and comparison (columns); 0 of fewer than two blocks."""
    runs = np.maximum(count, 1)
    means, squares = signs @ values / runs, (values**2).sum(axis=0)
    spread = np.maximum(squares - runs * means**2, _NOTHING * squares) / np.maximum(runs - 1, 1)
    error = np.sqrt(spread / runs)
    result: NDArray[np.float64] = np.divide(np.abs(means), error, out=np.zeros_like(means), where=error > 0)
    return np.where(count > 1, result, 0.0)
