"""A deployment that was fitted from runs: its values with their intervals, what cannot be told, how well it agrees."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.findings.statement import Statement


@dataclass(frozen=True)
class Fitted:
    """One value of the file, by its key there. `low` and `high`: where it lies, 19 times of 20; None where unknown.

    `seen`: no such promise, they are the range of what the runs showed.
    """

    key: str
    value: float | int | str
    low: float | None
    high: float | None
    why: Statement
    seen: bool = False

    @property
    def text(self) -> str:
        """The value as TOML has it."""
        return f'"{self.value}"' if isinstance(self.value, str) else f"{self.value:.6g}"


@dataclass(frozen=True)
class Agreement:
    """One run beside its simulation: seconds of pages served, and shares in percent of pages."""

    name: str
    pages: int
    p50_s: float
    p95_s: float
    paper_p50_s: float
    paper_p95_s: float
    refused_percent: float
    paper_refused_percent: float
    failed_percent: float
    paper_failed_percent: float


@dataclass(frozen=True)
class DeploymentFit:
    """A deployment from runs of one profile on one target. `untold`: what these runs cannot tell apart."""

    profile: str
    target: str
    runs: tuple[str, ...]
    values: tuple[Fitted, ...]
    untold: tuple[Statement, ...]
    agreement: tuple[Agreement, ...] = ()
