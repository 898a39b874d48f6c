"""Perturbations as they happened: what the manifest planned, at the times that the run's events tell."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.record.reading.documents import PerturbationTold
    from entsurge.record.reading.run import Run

BEGUN = frozenset({"applied", "started", "began"})
LEFT, NOT_UNDONE, DEVIATED = "left to its lease", "undo failed", "deviated"
OVER = frozenset({"ended", "undone", "recovered", LEFT})
WRONG = frozenset({"refused", "failed"})


@dataclass(frozen=True)
class Window:
    """One perturbation, run seconds; `applied` is false for one that never came into force, `detail` says why."""

    id: str
    kind: str
    title: dict[str, str]
    defers: list[str]
    start_s: float
    end_s: float
    whole_run: bool
    applied: bool
    detail: str


def windows(run: Run) -> list[Window]:
    """Every perturbation that the manifest planned, in order of begin."""
    planned = {str(each["id"]) for each in run.manifest["perturbations"]}
    names = [field.name for field in fields(Window)]
    return [Window(**{name: each[name] for name in names}) for each in perturbations(run) if each["id"] in planned]


def perturbations(run: Run) -> list[dict[str, Any]]:
    """The manifest's rows in order of their start, run seconds, with `applied`, `detail`; unplanned ones are faults.

    `ending`: ended, undone, left to its lease, undo failed; empty while nobody has said. `left`: what was said of an
    undo that failed or of a lease. `late_s`: seconds after its planned end. `deviated`: the probe of the steady state
    that no longer held after it.
    """
    found = {str(each["id"]): _planned(each) for each in run.manifest["perturbations"]}
    begun = set()
    for event in run.events:
        if event.get("kind") != "perturbation":
            continue
        name, state, t = str(event.get("id", "")), event.get("state"), float(event.get("t") or 0.0)
        each = found.setdefault(name, _unplanned(run, name))
        if state in BEGUN and name not in begun:
            begun.add(name)
            each |= {"start_s": t, "applied": True}
        elif state in OVER or state == NOT_UNDONE:
            detail = "" if state not in (LEFT, NOT_UNDONE) else str(event.get("detail", ""))
            each["late_s"] = max(0.0, t - float(each["planned_end_s"])) if each["applied"] else 0.0
            each |= {"end_s": _end(run, each, str(state), t), "ending": state, "left": detail}
        elif state == DEVIATED:
            each["deviated"] = str(event.get("detail", ""))
        if state in WRONG or (state in OVER and not each["detail"]):
            each["detail"] = str(event.get("detail", ""))
    return sorted(found.values(), key=lambda each: (each["start_s"], each["id"]))


def _end(run: Run, each: dict[str, Any], state: str, t: float) -> float:
    """Until when it was in force, at the latest: a lease ends later than the undo that failed, a failed undo never."""
    last = float(run.manifest["phases"][-1]["end_s"])
    if state == NOT_UNDONE:
        return last
    return min(last, t + float(each.get("lease_seconds") or 0.0)) if state == LEFT else t


UNTOLD = {"ending": "", "left": "", "deviated": "", "late_s": 0.0}


def _planned(each: PerturbationTold) -> dict[str, Any]:
    """A manifest without `whole_run` says nothing of whether its perturbations came into force: they did."""
    known = "whole_run" in each
    whole = bool(each["whole_run"]) if known else each["start_s"] == 0
    return {**each, "whole_run": whole, "applied": not known, "detail": "", **UNTOLD, "planned_end_s": each["end_s"]}


def _unplanned(run: Run, name: str) -> dict[str, Any]:
    """What an event names and no manifest planned: a fault, to be on the safe side."""
    end_s = float(run.manifest["phases"][-1]["end_s"])
    return {
        "id": name, "kind": "fault", "title": {"fr": name, "en": name}, "defers": [], "start_s": 0.0,
        "end_s": end_s, "planned_end_s": end_s, "whole_run": False, "applied": False,
        "detail": "", **UNTOLD,
    }  # fmt: skip
