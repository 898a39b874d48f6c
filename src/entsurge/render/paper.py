"""What of a report is printed on two sheets: what is decided on, and of long tables the gravest rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.findings.report import RunFindings
    from entsurge.findings.verdict import Finding

SECTIONS = ("answer", "continuity", "objectives")
OBJECTIVES, ACADEMIES = 30, 15  # that there is room for, of all runs together
ORDER = {"missed": 0, "not-enough-data": 1}


@dataclass(frozen=True)
class Printed:
    """The sections printed, how many academies of each run, and the places of the objectives, by run."""

    sections: tuple[str, ...]
    academies: int
    objectives: list[set[int]]


def printed(runs: Sequence[RunFindings]) -> Printed:
    """What two sheets have room for."""
    each = max(1, len(runs))
    return Printed(SECTIONS, ACADEMIES // each, [gravest(run.objectives, OBJECTIVES // each) for run in runs])


def gravest(objectives: Sequence[Finding], most: int) -> set[int]:
    """The places of so many objectives: required ones first, the missed before the unsure before the met."""
    places = sorted(
        range(len(objectives)),
        key=lambda place: (not objectives[place].required, ORDER.get(objectives[place].state, len(ORDER))),
    )
    return set(places[:most])
