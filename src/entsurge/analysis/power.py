"""What a comparison of so few runs could have shown: the smallest change that it finds four times in five.

The very test is simulated, on normal run-to-run deviations: max-T over relabellings of whole runs, and the exact
interval of Hodges and Lehmann. Both are free of scale: a factor on the deviation, which depends on the numbers of runs
and series alone, serves every series. The deviation is estimated from as few runs, and that is in the factor too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from entsurge.analysis.ranks import cut_off, relabellings

if TYPE_CHECKING:
    from numpy.typing import NDArray

POWER = 0.80
DRAWS, MOST_SIMULATED = 4000, 500
LARGEST, STEPS = 1000.0, 26  # deviations that are looked through, and how often that range is halved
RESOLUTION = 0.001  # of the record's buckets: nothing smaller is seen


class Spread(NamedTuple):
    """How runs of one side differ: each series' deviation (of logarithms), and the mean correlation between series."""

    deviations: NDArray[np.float64]
    common: float


def spread(logs: NDArray[np.float64], candidates: NDArray[np.bool_]) -> Spread | None:
    """The deviation within the two sides of a comparison, pooled; None of two runs, which tell nothing of it.

    `logs` has a row a run and a column a series; `candidates` says which rows are the candidate's.
    """
    freedom = len(logs) - 2
    if freedom < 1:
        return None
    rest = logs.copy()
    for side in (candidates, ~candidates):
        rest[side] -= rest[side].mean(axis=0)
    deviations = np.sqrt((rest**2).sum(axis=0) / freedom)
    standard = rest[:, deviations > 0] / deviations[deviations > 0]
    series = standard.shape[1]
    if series < 2:
        return Spread(deviations, 0.0)
    pairs = (standard.sum(axis=1) ** 2).sum() / freedom - series
    return Spread(deviations, float(np.clip(pairs / (series * (series - 1)), 0.0, 1.0)))


def smallest_shifts(baselines: int, candidates: int, found: Spread, alpha: float) -> NDArray[np.float64]:
    """For each series the smallest difference of logarithms that is shown at 80 % power; inf where none can be.

    Of all comparisons of so many runs that differ so, in which one series changed by what is said here, 80 % show it:
    on average over what so few runs tell of how much they differ.
    """
    times = deviations_shown(baselines, candidates, len(found.deviations), round(10 * found.common), alpha)
    if not np.isfinite(times):
        return np.full(len(found.deviations), np.inf)
    shifts: NDArray[np.float64] = np.maximum(RESOLUTION, times * found.deviations)
    return shifts


@lru_cache(maxsize=512)
def deviations_shown(baselines: int, candidates: int, series: int, tenths: int, alpha: float) -> float:
    """The smallest change shown at 80 % power, in estimated deviations; inf where so few runs can show nothing.

    Of `series` series, `tenths` tenths of their variance common to all, one has changed; `alpha` is what its two-sided
    p value, adjusted for all of them, must not exceed.
    """
    edge, runs = cut_off(candidates, baselines), baselines + candidates
    if edge == 0:
        return np.inf
    random = np.random.default_rng(1)
    labels = np.array([False] * baselines + [True] * candidates)
    labellings = _few(relabellings(labels), labels)
    shared = random.normal(size=(DRAWS, runs)) * np.sqrt(tenths / 10)

    def drawn() -> NDArray[np.float64]:
        own = float(np.sqrt(1 - tenths / 10))
        noise: NDArray[np.float64] = shared + own * random.normal(size=(DRAWS, runs))
        return noise

    changed = drawn()
    others = np.zeros((DRAWS, len(labellings)), np.float32)
    for _ in range(series - 1):
        np.maximum(others, _association(drawn(), labellings), out=others)
    estimated = np.sqrt(random.chisquare(runs - 2, DRAWS) / (runs - 2))
    shown = _thresholds(changed, others, labellings, alpha, edge)
    factor = float(np.quantile(shown / estimated, POWER))
    return factor if factor < LARGEST / 2 else np.inf


def _few(labellings: NDArray[np.bool_], true: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The true labelling first, then the others, or as many drawn from them as are simulated."""
    others = labellings[(labellings != true).any(axis=1)]
    if len(others) >= MOST_SIMULATED:
        others = others[np.random.default_rng(0).choice(len(others), MOST_SIMULATED - 1, replace=False)]
    return np.vstack([true, others])


def _association(values: NDArray[np.float64], labellings: NDArray[np.bool_]) -> NDArray[np.float32]:
    """|sum of the candidates' deviations| ÷ their norm, by draw and labelling: t grows with it, whatever the series."""
    values = values - values.mean(axis=1, keepdims=True)
    values /= np.maximum(np.sqrt((values**2).sum(axis=1, keepdims=True)), 1e-12)
    sums: NDArray[np.float32] = values.astype(np.float32) @ labellings.T.astype(np.float32)
    np.abs(sums, out=sums)
    return sums


def _thresholds(
    changed: NDArray[np.float64],
    others: NDArray[np.float32],
    labellings: NDArray[np.bool_],
    alpha: float,
    edge: int,
) -> NDArray[np.float64]:
    """For each draw the smallest change of the one series from which on it is shown, by halving."""
    true = labellings[0]
    apart = np.sort((changed[:, true, None] - changed[:, None, ~true]).reshape(len(changed), -1), axis=1)
    excluded = -apart[:, edge - 1]  # from here on the interval excludes 0
    low, high = np.zeros(len(changed)), np.full(len(changed), LARGEST)
    for _ in range(STEPS):
        tried = (low + high) / 2
        values = _association(changed + tried[:, None] * true, labellings)
        reached = (np.maximum(values, others) >= values[:, :1] * (1 - 1e-5)).mean(axis=1)
        shown = (reached <= alpha) & (tried > excluded)
        low, high = np.where(shown, low, tried), np.where(shown, tried, high)
    return high
