"""What is concluded of a run: objectives judged, whether the measurement holds, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from entsurge.errors import PASS, Conclusion
from entsurge.findings.statement import MEASURED, Statement

State = Literal["met", "missed", "not-enough-data", "deferred", "not-judged"]
Unit = Literal["s", "ratio", "score", "factor"]


@dataclass(frozen=True)
class Finding:
    """One objective, judged for one persona. `value`, `low`, `high`: seconds, shares from 0 to 1, score or factor.

    `count` pages were looked at; `needed`: how many would tell, where these do not.
    """

    id: str
    persona: str
    service: str
    phase: str
    must: str
    required: bool
    state: State
    value: float | None
    low: float | None
    high: float | None
    unit: Unit
    count: int
    needed: int | None = None

    @property
    def measured(self) -> Statement:
        """What was measured, beside what must hold."""
        return Statement(MEASURED, {"must": self.must} | ({} if self.value is None else {"value": self.value}))


@dataclass(frozen=True)
class Light:
    """One condition of a believable measurement: kept, broken, or (None) not judged."""

    name: str
    ok: bool | None
    said: Statement


@dataclass(frozen=True)
class Verdict:
    """What is concluded of one run, and the exit code that says it; `end_code` is that of how it ended, 0 in order.

    `sentences` say it to a head of school, `reasons` why, the gravest first.
    `refused`: the share of a persona's planned pages that was refused, where it is over 1 %. `simulated`: the
    deployment on paper, empty where somebody was asked.
    """

    verdict: Conclusion
    exit_code: int
    sentences: list[Statement]
    reasons: list[Statement]
    objectives: list[Finding]
    lights: list[Light]
    end_code: int = PASS
    refused: dict[str, float] = field(default_factory=dict)
    simulated: str = ""

    def concluded(self) -> Concluded:
        """What verdict.json says."""
        return Concluded(
            verdict=self.verdict, exit_code=self.exit_code, sentences=self.sentences, reasons=self.reasons,
            refused=self.refused, objectives=self.objectives, simulated=self.simulated,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Concluded:
    """verdict.json: a verdict as it stands beside its run."""

    format: int = 2
    verdict: Conclusion
    exit_code: int
    sentences: list[Statement]
    reasons: list[Statement]
    refused: dict[str, float]
    objectives: list[Finding]
    simulated: str = ""


class Judged(Protocol):
    """A run that has a name and a verdict, whatever else is known of it."""

    @property
    def name(self) -> str:
        """What the run is called."""

    @property
    def started_utc(self) -> str:
        """When it started, ISO 8601; empty where nobody knows."""

    @property
    def verdict(self) -> Conclusion:
        """What is concluded."""

    @property
    def reasons(self) -> list[Statement]:
        """Why, the gravest first."""

    @property
    def objectives(self) -> list[Finding]:
        """Every objective, judged."""
