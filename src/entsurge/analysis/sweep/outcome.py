"""What one simulation of a sweep came to, read from its run directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis.continuity import continuity
from entsurge.analysis.measures.served import owed_seconds
from entsurge.analysis.verdict import judge
from entsurge.findings.sweep import LuckOutcome
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.record.reading.run import Run


def luck_outcome(path: Path, cell: str, luck: int) -> LuckOutcome:
    """The outcome of the run in this directory, as the cell's with this luck. Raises UsageError for what is no run."""
    run = read_run(path)
    verdict, teaching, visits = judge(run), continuity(run), run.window_stays
    planned, served = {}, {}
    for persona in run.manifest["planned"]:
        mine = visits.where(persona=persona)
        planned[persona] = int(visits["planned"][mine].sum())
        served[persona] = round(int(visits["ok"][mine].sum()) * timely(run, persona))
    missed = [each.persona for each in verdict.objectives if each.required and each.state == "missed"]
    return LuckOutcome(
        cell=cell, luck=luck, verdict=verdict.verdict, end=(run.finish or {}).get("end", ""),
        digest=run.manifest.get("plan_digest", ""), students=teaching.students.per_100,
        teachers=teaching.teachers.per_100, planned=planned, served=served, missed=list(dict.fromkeys(missed)),
    )  # fmt: skip


def timely(run: Run, persona: str) -> float:
    """Of the pages that a persona was served in the window, the share within what it is owed; 1 of none."""
    served = late = 0
    where = {"kind": "page", "persona": persona, "phase": run.window["name"], "timing": "corrected", "outcome": "ok"}
    for group, times in run.tally.each(**where):
        if group.service != "sign-on":
            served += times.total
            late += times.over(owed_seconds(run, persona, group.service))
    return 1 - late / served if served else 1.0
