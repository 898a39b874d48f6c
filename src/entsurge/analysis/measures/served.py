"""What one run served to whom: pages in time, and people who obtained a page at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.analysis.validity import broken, lights
from entsurge.audience.objective import parse_objective
from entsurge.findings.statement import listed as as_list
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from entsurge.findings.statement import Statement
    from entsurge.record.reading.run import Run


@dataclass(frozen=True)
class Served:
    """Of one persona's visits due in the window: pages planned, pages served in time, people served a page at least."""

    planned: int
    pages: int
    people: int


@dataclass(frozen=True)
class RunOutcome:
    """What a run gave, by persona; `broken` says why it is not to be believed, None where it is."""

    digest: str
    personas: Mapping[str, Served]
    protected: tuple[str, ...] = ()
    broken: Statement | None = None


def read_outcome(path: Path) -> RunOutcome:
    """The outcome of the run in this directory. Raises UsageError for what is no run."""
    run = read_run(path)
    wrong = broken(lights(run))
    return RunOutcome(
        digest=run.manifest.get("plan_digest", ""),
        personas={persona: _served(run, persona) for persona in run.manifest["planned"]},
        protected=tuple(run.manifest.get("protected", ())),
        broken=as_list([each.said for each in wrong]) if wrong else None,
    )


def _served(run: Run, persona: str) -> Served:
    """Sign-on is no page; a page is in time within what the persona is owed on its service, if anything is."""
    pages = 0
    where = {"kind": "page", "persona": persona, "phase": run.window["name"], "timing": "corrected", "outcome": "ok"}
    for group, times in run.tally.each(**where):
        if group.service != "sign-on":
            pages += times.total - times.over(owed_seconds(run, persona, group.service))
    visits = run.window_stays
    people = int((visits["ok"][visits.where(persona=persona)] > 0).sum())
    return Served(run.manifest["planned"][persona]["page_views"], pages, people)


def owed_seconds(run: Run, persona: str, service: str) -> float:
    """Within how many seconds a page is owed: the widest bound of its latency objectives; infinite without one."""
    bounds = []
    for each in run.manifest["objectives"]:
        must = parse_objective(each["must"])
        mine = each["persona"] in (persona, "*") and each["service"] in (service, "*")
        if mine and each["required"] and must.measure == "latency" and not must.relative:
            bounds.append(must.bound)
    return max(bounds, default=math.inf)
