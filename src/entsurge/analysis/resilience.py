"""Of a fault: what protected people kept of the service that was promised to them, and how soon it was over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.blocks import Part, share_kept
from entsurge.analysis.perturbations import planned
from entsurge.analysis.recovery import recoveries
from entsurge.findings.perturbation import Disturbance, Resilience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.findings.perturbation import Recovery
    from entsurge.record.reading.run import Run

FEWEST_PAGES = 20
INTERRUPTED = "interrupted"


def resilience(run: Run) -> dict[str, Resilience]:
    """By fault, pages served of those planned, of the visits due while it was in force, held against the baseline.

    The baseline is the judged window until the first fault. Of the protected personas that no measure defers. Without
    a fault for which either stretch has too few planned pages.
    """
    faults = [each for each in planned(run) if each.kind == "fault" and each.applied]
    people = set(run.manifest.get("protected", ())) - run.deferred
    if not faults or not people:
        return {}
    begin_s, end_s = run.window["start_s"], run.window["end_s"]
    before = _promised(run, people, begin_s, min(end_s, *(each.start_s for each in faults)))
    during = {each.id: _promised(run, people, max(begin_s, each.start_s), min(end_s, each.end_s)) for each in faults}
    told = {name: of for name, of in during.items() if min(before.asked.sum(), of.asked.sum()) >= FEWEST_PAGES}
    felt = [one for persona in sorted(people) for one in recoveries(run, run.seconds(persona=persona)) if told]
    return {
        name: Resilience(
            before.summary().served_percent, of.summary().served_percent, share_kept(before, of),
            _worst([one for one in felt if one.id == name]),
        )
        for name, of in told.items()
    }  # fmt: skip


def _promised(run: Run, people: set[str], start_s: float, end_s: float) -> Part:
    """Planned pages of the visits due in these seconds, by second, and how many of them were served.

    What a visit had not asked for yet when the run itself ended is left out: nobody can tell.
    """
    begin, end = int(np.ceil(start_s)), int(end_s)
    visits = run.window_stays
    second = visits["due_us"] // 1_000_000
    chosen = visits.only(visits.among("persona", people) & (second >= begin) & (second < end))
    place, length = chosen["due_us"] // 1_000_000 - begin, max(0, end - begin)
    cut = np.where(chosen.where(end=INTERRUPTED), chosen["unserved"], 0)
    promised, ok = (np.bincount(place, of, length).astype(np.float64) for of in (chosen["planned"] - cut, chosen["ok"]))
    return Part(promised, ok, np.zeros(length), np.zeros(length))


def _worst(found: Sequence[Recovery]) -> Disturbance:
    """The earliest begin and the latest end of what any of them felt."""
    felt = [each for each in found if each.disturbed]
    if not felt:
        return Disturbance(None, None, felt=False if found else None)
    begun = [each.degrade_s for each in felt if each.degrade_s is not None]
    over = [each.recover_s for each in felt if each.recover_s is not None]
    return Disturbance(min(begun, default=None), max(over) if len(over) == len(felt) else None, felt=True)
