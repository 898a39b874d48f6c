"""Perturbations as they happened, and how long the ENT took to degrade and to recover around each.

The band is the median of the seconds before ± max(20 %, 3 MAD). Degraded: at least five seconds in a row outside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.run import Run

SPELL_SECONDS, FEWEST_SECONDS = 5, 5
RELATIVE, MADS = 0.20, 3.0
BEGUN, OVER = (
    frozenset({"applied", "started", "began"}),
    frozenset({"ended", "undone", "recovered", "left to its lease"}),
)


@dataclass(frozen=True)
class Band:
    """Where a figure stays while nothing is the matter."""

    median: float
    low: float
    high: float


def perturbations(run: Run) -> list[dict[str, Any]]:
    """Faults and measures in order of their start: as the manifest planned them, at the times that the events tell."""
    planned = {each["id"]: dict(each) for each in run.manifest["perturbations"]}
    for event in run.events:
        if event.get("kind") != "perturbation":
            continue
        name = str(event.get("id", ""))
        each = planned.setdefault(name, {"id": name, "kind": "fault", "title": {"fr": name, "en": name}, "defers": [],
                                         "start_s": 0.0, "end_s": run.manifest["phases"][-1]["end_s"]})  # fmt: skip
        if event.get("state") in BEGUN and "applied" not in each:
            each |= {"applied": True, "start_s": float(event.get("t") or 0.0)}
        elif event.get("state") in OVER:
            each["end_s"] = float(event.get("t") or 0.0)
    return sorted(planned.values(), key=lambda each: (each["start_s"], each["id"]))


def recoveries(run: Run, timeline: dict[str, Any]) -> list[dict[str, Any]]:
    """For each perturbation and each of latency (p95) and share of pages served: seconds to degrade and to recover.

    `note` tells why nothing could be judged; `recovered_s` is None where the run ended first.
    """
    series = {"latency": timeline["p95_s"], "served": served_shares(timeline)}
    found = []
    for each in perturbations(run):
        for name, values in series.items():
            before = _quiet(run, each["start_s"])
            about = {"id": each["id"], "kind": each["kind"], "title": each["title"], "start_s": each["start_s"],
                     "end_s": each["end_s"], "figure": name}  # fmt: skip
            found.append(about | _around(values, before, each["start_s"], each["end_s"], worse_below=name == "served"))
    return found


def served_shares(timeline: dict[str, Any]) -> list[float | None]:
    """Of the pages that ended in each second, the share served; None where none ended."""
    rows = zip(timeline["ok"], timeline["shed"], timeline["failed"], strict=True)
    return [ok / (ok + shed + failed) if ok + shed + failed else None for ok, shed, failed in rows]


def _quiet(run: Run, until: float) -> tuple[float, float]:
    """The seconds that a perturbation is held against: the baseline phase, else the window until it starts."""
    baseline = next((each for each in run.manifest["phases"] if each["name"] == "baseline"), run.window)
    return float(baseline["start_s"]), min(float(baseline["end_s"]), until)


def band(values: Sequence[float]) -> Band:
    """Median ± max(20 %, 3 MAD)."""
    median = float(np.median(values))
    half = max(RELATIVE * abs(median), MADS * float(np.median(np.abs(np.asarray(values) - median))))
    return Band(median, median - half, median + half)


def _around(
    values: Sequence[float | None], before: tuple[float, float], start: float, end: float, *, worse_below: bool
) -> dict[str, Any]:
    quiet = [value for value in values[math.ceil(before[0]) : max(0, math.floor(before[1]))] if value is not None]
    nothing: dict[str, Any] = {"median": None, "low": None, "high": None, "degraded_s": None, "recovered_s": None}
    if len(quiet) < FEWEST_SECONDS:
        return nothing | {"state": "no-baseline"}
    of = band(quiet)
    shown = {"median": of.median, "low": of.low, "high": of.high}
    spells = _spells([value is not None and (value < of.low if worse_below else value > of.high) for value in values])
    hit = [spell for spell in spells if spell[1] > start]
    if not hit:
        return nothing | shown | {"state": "never-degraded"}
    degraded = max(0.0, hit[0][0] - start)
    last = hit[-1][1]
    if last >= len(values):
        return nothing | shown | {"state": "not-recovered", "degraded_s": degraded}
    return shown | {"state": "recovered", "degraded_s": degraded, "recovered_s": max(0.0, last - end)}


def _spells(outside: Sequence[bool]) -> list[tuple[int, int]]:
    """First and one-past-last second of every spell of at least SPELL_SECONDS seconds."""
    found, since = [], None
    for second, out in enumerate([*outside, False]):
        if out and since is None:
            since = second
        elif not out and since is not None:
            if second - since >= SPELL_SECONDS:
                found.append((since, second))
            since = None
    return found
