"""Perturbations as they happened: what the manifest planned, at the times that the run's events tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsurge.analysis.run import Run


@dataclass(frozen=True)
class Window:
    """One perturbation as it happened; `applied` is false for one that never came into force."""

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
    """What the manifest planned, at the times that the run's events tell, in order of begin."""
    found = []
    for each in run.manifest["perturbations"]:
        events = [of for of in run.events if of.get("kind") == "perturbation" and of.get("id") == each["id"]]
        begun = [of for of in events if of.get("state") == "applied"]
        over = [of for of in events if of.get("state") == "ended"]
        wrong = [of for of in events if of.get("state") in ("refused", "failed")]
        found.append(
            Window(
                each["id"], each["kind"], dict(each["title"]), list(each["defers"]),
                float(begun[0]["t"]) if begun else float(each["start_s"]),
                float(over[-1]["t"]) if over else float(each["end_s"]),
                bool(each.get("whole_run", each["start_s"] == 0)), bool(begun) or "whole_run" not in each,
                str((wrong or over or [{}])[-1].get("detail", "")),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.start_s, one.id))
