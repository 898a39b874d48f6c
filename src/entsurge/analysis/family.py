"""Series of runs that are judged together: scopes (everybody, personas), personas on services, pages; each a family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.baseline import MOST_RUNS
from entsurge.analysis.power import Spread, deviations_shown, smallest_shifts, spread
from entsurge.analysis.ranks import ALPHA, hodges_lehmann, max_t, smallest_p
from entsurge.findings.comparison import Compared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.analysis.measured import Page
    from entsurge.findings.comparison import Judgement

FAMILIES = 3
WEIGHT = FAMILIES / 2  # each family has a third of 5 %; of a two-sided p, half is for slower
MOST_CANDIDATES = 10
LARGEST_SHIFT = float(np.log(100))  # a change that is only shown beyond this is none that a page's time can have


def can_show(baselines: int, candidates: int) -> bool:
    """Whether so many runs can show any difference beyond chance, however large."""
    return adjusted(smallest_p(baselines, candidates)) <= ALPHA


def adjusted(p: float) -> float:
    """A family's two-sided p value, adjusted for there being three families of which only slower pages fail a gate."""
    return min(1.0, WEIGHT * p)


def p_values(values: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each column of a family the p value, adjusted for all of them and for the other families."""
    return np.minimum(1.0, WEIGHT * max_t(values, labels))


def findings(
    names: Sequence[Page], logs: NDArray[np.float64], labels: NDArray[np.bool_], least_effect: float
) -> list[Compared]:
    """A finding for each column of logarithms of seconds, a row a run."""
    if not names:
        return []
    p = p_values(logs, labels)
    return [_finding(name, logs[:, at], labels, float(p[at]), least_effect) for at, name in enumerate(names)]


def _finding(
    name: Page, logs: NDArray[np.float64], labels: NDArray[np.bool_], p: float, least_effect: float
) -> Compared:
    shift = hodges_lehmann(logs[labels].tolist(), logs[~labels].tolist())
    ratio = float(np.exp(shift.estimate))
    low, high = (None if edge is None else float(np.exp(edge)) for edge in (shift.low, shift.high))
    state: Judgement = "same"
    if p <= ALPHA and ratio >= 1 + least_effect and low is not None and low > 1:
        state = "regression"
    elif p <= ALPHA and ratio <= 1 / (1 + least_effect) and high is not None and high < 1:
        state = "improvement"
    base, new = (float(np.exp(np.median(logs[side]))) for side in (~labels, labels))
    return Compared(*name, base, new, ratio, low, high, p, state)


def with_power(
    found: Sequence[Compared], logs: NDArray[np.float64], labels: NDArray[np.bool_], least_effect: float
) -> list[Compared]:
    """The findings of one family with what could have been shown of each, and how many runs would have shown enough."""
    if not found:
        return []
    sides = int((~labels).sum()), int(labels.sum())
    how = spread(logs, labels)
    if how is None:
        return [replace(each, blind=True) for each in found]
    shifts = smallest_shifts(*sides, how, ALPHA / WEIGHT)
    least, seen = float(np.log1p(least_effect)), []
    for each, shift, deviation in zip(found, shifts, how.deviations, strict=True):
        shown = each.p_adjusted <= ALPHA and each.low is not None and not each.low <= 1 <= (each.high or 1)
        blind = bool(not shown and shift > least)
        smallest = float(np.exp(shift)) if shift <= LARGEST_SHIFT else None
        would_do = _would_do(*sides, how, float(deviation), least) if blind else None
        seen.append(replace(each, smallest=smallest, would_do=would_do, blind=blind))
    return seen


def _would_do(baselines: int, candidates: int, how: Spread, deviation: float, least: float) -> tuple[int, int] | None:
    """The fewest candidates, and as many baselines at least, that would show the least effect; None over ten."""
    designs = [
        (min(max(baselines, more), MOST_RUNS - more), more)
        for more in range(candidates, max(candidates, MOST_CANDIDATES) + 1)
    ]
    series, tenths = len(how.deviations), round(10 * how.common)

    def enough(design: tuple[int, int]) -> bool:
        return deviations_shown(*design, series, tenths, ALPHA / WEIGHT) * deviation <= least

    if not enough(designs[-1]):
        return None
    low, high = 0, len(designs) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(designs[middle]) else (middle + 1, high)
    return designs[low]
