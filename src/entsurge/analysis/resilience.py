"""Of a fault: what protected people kept of the service that was promised to them, and how soon it was over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.blocks import Part, share_kept
from entsurge.findings.perturbation import Disturbance, Resilience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.findings.perturbation import EffectCell, Perturbation
    from entsurge.record.reading.run import Run

FEWEST_PAGES = 20
INTERRUPTED = "interrupted"


def resilience(
    run: Run, one: Perturbation, all_of: Sequence[Perturbation], cells: Sequence[EffectCell]
) -> Resilience | None:
    """Pages served of those planned, of the visits due while it was in force, held against the baseline.

    The baseline is the judged window until the first fault of the run. Of the protected personas that no measure
    defers. None where either stretch has too few planned pages.
    """
    people = set(run.manifest.get("protected", ())) - run.deferred
    first = min(each.start_s for each in all_of if each.kind == "fault" and each.applied)
    window = run.window
    before = _promised(run, people, window["start_s"], min(first, window["end_s"]))
    during = _promised(run, people, max(one.start_s, window["start_s"]), min(one.end_s, window["end_s"]))
    if min(before.asked.sum(), during.asked.sum()) < FEWEST_PAGES:
        return None
    felt = [each.disturbance for each in cells if each.persona in people and each.service == "*"]
    return Resilience(
        before.summary().served_percent, during.summary().served_percent, share_kept(before, during), _worst(felt)
    )


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
    planned, ok = (np.bincount(place, of, length).astype(np.float64) for of in (chosen["planned"] - cut, chosen["ok"]))
    return Part(planned, ok, np.zeros(length), np.zeros(length))


def _worst(found: Sequence[Disturbance]) -> Disturbance:
    """The earliest begin and the latest end of what any of them felt."""
    felt = [each for each in found if each.felt]
    if not felt:
        return Disturbance(None, None, False if any(each.felt is False for each in found) else None)
    begun = [each.degrade_s for each in felt if each.degrade_s is not None]
    over = [each.recover_s for each in felt if each.recover_s is not None]
    return Disturbance(min(begun, default=None), max(over) if len(over) == len(felt) else None, felt=True)
