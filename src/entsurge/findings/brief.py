"""The daily brief of one run: brief.json."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.audience.persona import Persona
from entsurge.errors import Conclusion
from entsurge.findings.statement import Statement, Title
from entsurge.findings.teaching import CutOff, OthersWork
from entsurge.findings.verdict import Finding


@dataclass(frozen=True, kw_only=True)
class BriefFigures:
    """What the rules of advice look at and what is compared, over the visits due in the judged window.

    Percentages are of the planned pages unless the name says otherwise; `kept` leaves out whom measures put off.
    `slowness` is the worst latency of a required objective as a multiple of what is owed; `passed`, `invalid` and
    `inconclusive` are 1 or 0.
    """

    pupils_read: float | None
    teachers_published: float | None
    schools_cut_off: float
    served_percent: float | None
    served_kept_percent: float | None
    unserved_percent: float | None
    unserved_kept_percent: float | None
    failed_percent: float | None
    refused_of_unserved_percent: float | None
    sign_on_lost_percent: float | None
    parents_and_staff_percent: float | None
    home_percent: float | None
    news_percent: float | None
    messages_percent: float | None
    deferred_visits: float
    inversions: float
    pupils_wait_s: float | None
    invalid: float = 0.0
    inconclusive: float = 0.0
    passed: float = 0.0
    missed: float = 0.0
    slowness: float | None = None
    measures: float = 0.0


@dataclass(frozen=True)
class PersonaServed:
    """How one persona fared: pages served of 100 planned, its required objectives, services that served it poorly."""

    persona: str
    served_percent: float | None
    objectives: list[Finding]
    poor_services: list[str]


@dataclass(frozen=True)
class Tried:
    """A fault or measure of the run."""

    id: str
    kind: str
    title: Title
    defers: list[str]


@dataclass(frozen=True)
class Beside:
    """The run without: its folder, what was in force there and not here, its figures."""

    name: str
    path: str
    others: list[Title]
    figures: BriefFigures


@dataclass(frozen=True)
class Reason:
    """A figure that set off a rule, with the threshold that it passed; `sign` is >= or <=."""

    figure: str
    sign: str
    threshold: float
    value: float


@dataclass(frozen=True)
class Advice:
    """One piece of advice, by its rule's id."""

    id: str
    because: list[Reason]


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What held, what did not and for whom, what was tried, what is advised.

    `held`, `lost` and `unsure` are personas whose required objectives are all kept, of whom one is missed, of whom too
    little is known. `teachers` names the sentence that schools may send to their teachers. `simulated`: the
    deployment on paper, empty where somebody was asked.
    """

    format: int = 3
    name: str
    title: Title
    target: str
    scale: str
    compression: float
    window: dict[str, str]
    started_utc: str
    personas: list[Persona]
    verdict: Conclusion
    reason: Statement | None
    figures: BriefFigures
    held: list[PersonaServed]
    lost: list[PersonaServed]
    unsure: list[PersonaServed]
    deferred: list[str]
    tried: list[Tried]
    without: Beside | None
    schools_cut_off: CutOff
    others: list[OthersWork]
    advice: list[Advice]
    teachers: str
    notes: list[str]
    simulated: str = ""
