"""A gate's result as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.findings.comparison import Comparison
from entsurge.findings.statement import Statement
from entsurge.findings.verdict import Concluded


@dataclass(frozen=True, kw_only=True)
class GateRun(Concluded):
    """One run of a gate, with where it lies and when it started."""

    name: str
    path: str
    started_utc: str


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """The whole result; `verdict` is its one line, `too_small`: nothing is wrong but that a regression could be missed.

    `comparison` is that with the baselines, None without.
    """

    format: int = 2
    exit_code: int
    verdict: str
    runs: list[GateRun]
    too_small: bool
    comparison: Comparison | None
    notes: list[Statement]
