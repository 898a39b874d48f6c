"""What the target said of itself while the run lasted, second by second."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from entsurge.findings.course import Point, TargetSeries

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run

MOST_SERIES = 12


def target_series(run: Run) -> list[TargetSeries]:
    """The target's own series, in order of name; at most MOST_SERIES: those that changed come first."""
    points: dict[str, list[tuple[float, float]]] = {}
    kinds: dict[str, str] = {}
    for row in run.target:
        name, t, value = row.get("series"), row.get("t"), row.get("value")
        if isinstance(name, str) and isinstance(t, int | float) and isinstance(value, int | float):
            points.setdefault(name, []).append((float(t), float(value)))
            kinds[name] = str(row.get("kind", "gauge"))
    found: list[TargetSeries] = []
    for name, of in sorted(points.items()):
        ordered = sorted(of)
        shown = _rate(ordered) if kinds[name] == "counter" else ordered
        if shown:
            found.append(TargetSeries(name, kinds[name], [Point(t, value) for t, value in shown]))
    found.sort(key=lambda each: len({point.value for point in each.points}) <= 1)
    return found[:MOST_SERIES]


def _rate(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """By how much a counter rose a second; a counter that fell was started anew, from nothing."""
    rates = []
    for (before, low), (t, high) in pairwise(points):
        if t > before:
            rates.append((t, (high - low if high >= low else high) / (t - before)))
    return rates
