"""Everything that a report says: report.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from entsurge.audience.persona import Persona
from entsurge.errors import Conclusion
from entsurge.findings.audience import Figures, Retries
from entsurge.findings.brief import Advice
from entsurge.findings.course import Percentiles, TargetSeries, Timeline
from entsurge.findings.devices import Devices
from entsurge.findings.matrix import Matrix
from entsurge.findings.perturbation import Effect, Perturbation, Recovery
from entsurge.findings.statement import Statement, Title
from entsurge.findings.teaching import Continuity
from entsurge.findings.transport import Transport
from entsurge.findings.verdict import Finding, Light
from entsurge.record.reading.shapes import ContentFile, TargetTold

FORMAT = 3


@dataclass(frozen=True)
class InProgress:
    """Of a run that goes on: to which second it was read, and when it ends."""

    read_s: int
    end_s: float


@dataclass(frozen=True)
class PageRate:
    """Pages per second planned, and served in the end; of a run that goes on, offered and served so far."""

    planned: float
    ok: float


@dataclass(frozen=True)
class FailureExample:
    """One example of what went wrong, redacted; `count` is how often its signature occurred."""

    signature: str
    count: int
    outcome: str
    request: dict[str, Any]
    response: dict[str, Any]
    traceback: str = ""
    persona: str = ""
    service: str = ""
    page: str = ""
    t: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunFindings:
    """One run: what it was to be, as its manifest says, and what came of it.

    `phase` is the judged one, `window_seconds` its length; `end` how the run ended, empty where it broke off.
    `deferred_visits`: visits turned away on purpose, by persona. `signatures` counts the kinds of failures, of which
    `failures` has at most forty. `advice`: what to do now, the most pressing first; empty while the run goes on.
    `simulated`: the deployment on paper, empty where somebody was asked. `devices` is None where the plan says nothing
    of them.
    """

    name: str
    profile: str
    target: TargetTold
    scale: str
    compression: float
    window: dict[str, str]
    started_utc: str
    seed: int | None
    plan_digest: str
    versions: dict[str, str]
    content: list[ContentFile]
    scrape: list[dict[str, Any]]
    control_share: float | None
    edge_of: str
    personas: list[Persona]
    title: Title
    path: str
    phase: str
    window_seconds: float
    end: str
    notes: list[str]
    verdict: Conclusion
    exit_code: int
    sentences: list[Statement]
    reasons: list[Statement]
    refused: dict[str, float]
    in_progress: InProgress | None
    pages_per_second: PageRate
    deferred_visits: dict[str, int]
    continuity: Continuity
    figures: Figures
    retries: Retries
    matrix: Matrix
    objectives: list[Finding]
    validity: list[Light]
    perturbations: list[Perturbation]
    recovery: list[Recovery]
    timeline: Timeline
    percentiles: Percentiles
    transport: Transport
    target_series: list[TargetSeries]
    effects: list[Effect]
    failures: list[FailureExample]
    signatures: int
    advice: list[Advice]
    simulated: str = ""
    devices: Devices | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings on some runs, the first of which is the baseline of the others.

    `same_plan_note` names what differs between their plans beyond the published figures.
    """

    format: int = field(default=FORMAT)
    generated_utc: str
    baseline: str
    same_plan_note: Statement | None
    runs: list[RunFindings]
