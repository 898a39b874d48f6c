"""Perturbations as they happened: what the manifest planned, at the times that the run's events tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.findings.perturbation import Breach, Perturbation

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run
    from entsurge.record.reading.shapes import Event, PerturbationTold

BEGUN = frozenset({"applied", "started", "began"})
LEFT, NOT_UNDONE, DEVIATED, TOUCHED = "left to its lease", "undo failed", "deviated", "touched"
OVER = frozenset({"ended", "undone", "recovered", LEFT})
WRONG = frozenset({"refused", "failed"})
STEADY, UNSTEADY = "steady", "unsteady"


def planned(run: Run) -> list[Perturbation]:
    """Every perturbation that the manifest planned, as it happened, in order of begin."""
    names = {str(each["id"]) for each in run.manifest["perturbations"]}
    return [each for each in perturbations(run) if each.id in names]


def perturbations(run: Run) -> list[Perturbation]:
    """Every perturbation in order of begin; what an event names and no manifest planned is a fault."""
    found = {str(each["id"]): _planned(each) for each in run.manifest["perturbations"]}
    begun: set[str] = set()
    for event in run.events:
        if event.get("kind") == "perturbation":
            name = str(event.get("id", ""))
            found[name] = _told(run, found.get(name) or _unplanned(run, name), event, first=name not in begun)
            if event.get("state") in BEGUN:
                begun.add(name)
    return sorted(found.values(), key=lambda each: (each.start_s, each.id))


def _told(run: Run, each: Perturbation, event: Event, *, first: bool) -> Perturbation:
    """With what an event says of it; `first`: none has said yet that it began."""
    state, t, detail = event.get("state"), float(event.get("t") or 0.0), str(event.get("detail", ""))
    if state in BEGUN and first:
        each = replace(each, start_s=t, applied=True)
    elif state in OVER or state == NOT_UNDONE:
        each = replace(
            each,
            late_s=max(0.0, t - each.planned_end_s) if each.applied else 0.0,
            end_s=_end(run, each, str(state), t),
            ending=str(state),
            left=detail if state in (LEFT, NOT_UNDONE) else "",
        )
    elif state == DEVIATED:
        each = replace(each, deviated=detail)
    elif state == UNSTEADY:
        each = replace(each, breaches=[*each.breaches, Breach(t, None, detail)])
    elif state == STEADY and each.breaches:
        each = replace(each, breaches=[*each.breaches[:-1], replace(each.breaches[-1], end_s=t)])
    elif state == TOUCHED and "count" in event:
        each = replace(each, touched=event["count"], touched_what=detail.partition(" ")[2])
    elif state == TOUCHED and each.touched is None:
        each = replace(each, touched_what=detail)
    if state in WRONG or (state in OVER and not each.detail):
        each = replace(each, detail=detail)
    return each


def _end(run: Run, each: Perturbation, state: str, t: float) -> float:
    """Until when it was in force, at the latest: a lease ends later than the undo that failed, a failed undo never."""
    last = float(run.manifest["phases"][-1]["end_s"])
    if state == NOT_UNDONE:
        return last
    return min(last, t + each.lease_seconds) if state == LEFT else t


def _planned(each: PerturbationTold) -> Perturbation:
    """A manifest without `whole_run` says nothing of whether its perturbations came into force: they did."""
    known = "whole_run" in each
    return Perturbation(
        id=each["id"], kind=each["kind"], title=each["title"], defers=each["defers"],
        start_s=each["start_s"], end_s=each["end_s"], planned_end_s=each["end_s"],
        whole_run=bool(each["whole_run"]) if known else each["start_s"] == 0,
        applied=not known, when=each.get("when") or "", lease_seconds=each.get("lease_seconds") or 0.0,
    )  # fmt: skip


def _unplanned(run: Run, name: str) -> Perturbation:
    """What an event names and no manifest planned: a fault, to be on the safe side."""
    end_s = float(run.manifest["phases"][-1]["end_s"])
    return Perturbation(
        id=name, kind="fault", title={"fr": name, "en": name}, defers=[], start_s=0.0, end_s=end_s,
        planned_end_s=end_s,
    )  # fmt: skip
