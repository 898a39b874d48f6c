"""When did it change? Change points of the quantiles of scopes and pages, and of the shares of failures, over runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import ruptures

from entsurge.analysis.comparison import LEAST_EFFECT, LEAST_POINTS, matched_pages, matched_scopes
from entsurge.findings.comparison import EVERYTHING, LevelChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.analysis.measured import Measured

FEWEST_FOR_HISTORY, FEWEST_A_LEVEL = 6, 3
STRICTNESS = 3.0
NOISE_FLOOR_LOG, NOISE_FLOOR_SHARE = 0.005, 0.001
FAILED, REFUSED = ("*", "*", "failed"), ("*", "*", "shed")


def changes(runs: Sequence[Measured], *, least_effect: float = LEAST_EFFECT) -> list[LevelChange]:
    """Every change of level over these runs in order of time; none for fewer than six runs.

    PELT (Killick 2012) on the logarithms, squared error, levels of at least three runs, a penalty of
    3 σ² ln(runs x pages) a change. σ is the root mean square of the differences of neighbours ÷ √2, of the page itself
    or of the median page, whichever is larger. Changes under the least effect are dropped.
    """
    if len(runs) < FEWEST_FOR_HISTORY:
        return []
    found = []
    logs = {scope: np.log([run.scopes[scope] for run in runs]) for scope in matched_scopes(runs)}
    logs |= {page: np.log([run.seconds[page] for run in runs]) for page in matched_pages(runs)}
    usual = float(np.median([noise(levels) for levels in logs.values()])) if logs else 0.0
    for page, levels in logs.items():
        for at, before, after in breaks(levels, len(logs) + 2, max(usual, NOISE_FLOOR_LOG)):
            if abs(after - before) >= np.log(1 + least_effect):
                old, new = float(np.exp(before)), float(np.exp(after))
                found.append(LevelChange(*page, runs[at].name, at, old, new, new / old))
    for name, values in ((FAILED, [run.failed_share for run in runs]), (REFUSED, [run.shed_share for run in runs])):
        for at, before, after in breaks(np.array(values), len(logs) + 2, NOISE_FLOOR_SHARE):
            if abs(after - before) >= LEAST_POINTS:
                found.append(LevelChange(*name, runs[at].name, at, before, after, after - before))
    return sorted(found, key=_order)


def _order(change: LevelChange) -> tuple[int, bool, bool, float]:
    """By run; shares of all pages first, scopes before pages, the largest change first."""
    whole = change.page == EVERYTHING
    return change.position, not change.of_share, not whole, -abs(np.log(max(change.effect, 1e-9)))


def noise(values: NDArray[np.float64]) -> float:
    """The deviation from run to run, as neighbours show it (von Neumann): a change of level counts in it once only."""
    return float(np.sqrt(np.mean(np.diff(values) ** 2) / 2))


def breaks(values: NDArray[np.float64], series: int, floor: float) -> list[tuple[int, float, float]]:
    """Positions at which a new level begins, with the medians of the levels before and after."""
    penalty = STRICTNESS * max(floor, noise(values)) ** 2 * np.log(len(values) * series)
    ends = ruptures.Pelt(model="l2", min_size=FEWEST_A_LEVEL, jump=1).fit(values[:, None]).predict(pen=penalty)
    begins = [0, *ends[:-1]]
    medians = [float(np.median(values[begin:end])) for begin, end in zip(begins, ends, strict=True)]
    return [(at, medians[place], medians[place + 1]) for place, at in enumerate(begins[1:])]
