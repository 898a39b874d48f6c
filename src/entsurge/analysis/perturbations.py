"""Perturbations as they happened: what the manifest planned, at the times that the run's events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.analysis.run import Run

BEGUN = frozenset({"applied", "started", "began"})
OVER = frozenset({"ended", "undone", "recovered", "left to its lease"})


def perturbations(run: Run) -> list[dict[str, Any]]:
    """Faults and measures in order of their start: `{id, kind, title, defers, start_s, end_s}`, in run seconds."""
    found = {str(each["id"]): dict(each) for each in run.manifest["perturbations"]}
    begun = set()
    for event in run.events:
        if event.get("kind") != "perturbation":
            continue
        name, t = str(event.get("id", "")), float(event.get("t") or 0.0)
        each = found.setdefault(name, _unplanned(run, name))
        if event.get("state") in BEGUN and name not in begun:
            begun.add(name)
            each["start_s"] = t
        elif event.get("state") in OVER:
            each["end_s"] = t
    return sorted(found.values(), key=lambda each: (each["start_s"], each["id"]))


def _unplanned(run: Run, name: str) -> dict[str, Any]:
    """What an event names and no manifest planned: a fault, to be on the safe side."""
    return {
        "id": name, "kind": "fault", "title": {"fr": name, "en": name}, "defers": [], "start_s": 0.0,
        "end_s": float(run.manifest["phases"][-1]["end_s"]),
    }  # fmt: skip
