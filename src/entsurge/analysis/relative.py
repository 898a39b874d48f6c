"""Objectives that ask for a factor on the baseline (`p95 < 1.2 x baseline`), judged with the run as the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.measured import FEWEST_PAGES
from entsurge.analysis.objectives import Judged, personas, readable, scope
from entsurge.analysis.power import smallest_shifts, spread
from entsurge.analysis.ranks import ALPHA, hodges_lehmann, max_t, smallest_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.audience.objective import Must
    from entsurge.record.reading.run import Run

Wanted = dict[tuple[str, str], "Must"]
Quantiles = dict[tuple[str, str], tuple[float | None, int]]


def wanted(run: Run) -> Wanted:
    """The relative objectives of a run's manifest, by objective and persona."""
    return {
        (each["id"], persona): must
        for each, must in readable(run)
        if must.relative
        for persona in personas(run, each["persona"])
    }


def quantiles(run: Run, candidate: Run) -> Quantiles:
    """What this run measured for every relative objective of the candidate: seconds (None of none) and pages."""
    found: Quantiles = {}
    for each, must in readable(candidate):
        if not must.relative:
            continue
        for persona in personas(candidate, each["persona"]):
            times = run.tally.times(timing=must.timing, **scope(run, each, persona))
            found[each["id"], persona] = times.quantile_seconds(must.percentile or 50.0), times.total
    return found


def ratios(
    musts: Wanted, baselines: Sequence[Quantiles], candidates: Sequence[Quantiles]
) -> dict[tuple[str, str], Judged]:
    """Each relative objective, judged.

    Missed: the Hodges-Lehmann ratio breaks the factor and lies above 1 beyond chance over all these objectives
    (max-T). Met: the ratio keeps it, and its interval does too, or 80 % of such comparisons would have shown a ratio at
    the factor. Else "not enough data". With too few runs a side: the ratio alone, not judged.
    """
    labels = np.array([False] * len(baselines) + [True] * len(candidates))
    runs = [*baselines, *candidates]
    found: dict[tuple[str, str], Judged] = {}
    seen = {}
    for key in musts:
        column = [run[key] for run in runs]
        if any(seconds is None or count < FEWEST_PAGES for seconds, count in column):
            found[key] = Judged("not-enough-data", pages=min(count for _, count in column), needed=musts[key].fewest)
        else:
            seen[key] = np.log([seconds for seconds, _ in column if seconds is not None])
    if not seen:
        return found
    columns = np.array(list(seen.values())).T
    adjusted = max_t(columns, labels)
    shown = _shown(columns, labels)
    for (key, logs), p, smallest in zip(seen.items(), adjusted, shown, strict=True):
        count = sum(run[key][1] for run in candidates)
        found[key] = _ratio(musts[key], logs, labels, float(p), count, smallest)
    return found


def _shown(columns: NDArray[np.float64], labels: NDArray[np.bool_]) -> list[float | None]:
    """For each column the smallest difference of logarithms shown at 80 % power; None where none can be."""
    sides = int((~labels).sum()), int(labels.sum())
    how = spread(columns, labels)
    if how is None or smallest_p(*sides) > ALPHA:
        return [None] * columns.shape[1]
    return [float(shift) for shift in smallest_shifts(*sides, how, ALPHA)]


def _ratio(
    must: Must, logs: NDArray[np.float64], labels: NDArray[np.bool_], p: float, count: int, smallest: float | None
) -> Judged:
    shift = hodges_lehmann(logs[labels].tolist(), logs[~labels].tolist())
    ratio = float(np.exp(shift.estimate))
    low, high = (None if edge is None else float(np.exp(edge)) for edge in (shift.low, shift.high))
    if smallest is None:
        return Judged("not-judged", ratio, low, high, count)
    if must.holds(ratio):
        seen = np.exp(smallest) <= must.bound or (high is not None and must.holds(high))
        return Judged("met" if seen else "not-enough-data", ratio, low, high, count)
    beyond = p <= ALPHA and shift.above_zero
    return Judged("missed" if beyond else "not-enough-data", ratio, low, high, count)
