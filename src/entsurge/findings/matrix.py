"""Who lost what: persona × service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from entsurge.findings.statement import Statement

CellState = Literal["none", "ok", "warn", "bad", "shed"]


@dataclass(frozen=True)
class Cell:
    """Pages planned and what became of them; served of 100 planned; latency; the change against the baseline run.

    Of the service `sign-on`, visits. `unserved` were never asked for; `availability` is of the pages that were
    answered; times are corrected latency; changes are in points, `low` and `high` their 95 % interval.
    """

    planned: int
    ok: int
    shed: int
    failed: int
    lost: int
    unserved: int
    served_percent: float | None
    availability: float | None
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    apdex: float | None
    change_points: float | None
    change_low: float | None
    change_high: float | None
    state: CellState


@dataclass(frozen=True)
class Matrix:
    """Cells by persona and service, both in the order in which they are shown; inversions of priority."""

    personas: list[str]
    services: list[str]
    cells: dict[str, dict[str, Cell]]
    inversions: list[Statement]
