"""What a viewer is sent, whole, once a second: the contract between the server and reports/live.js."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

CellLook = Literal["ok", "warn", "bad", "shed", "none"]
Stage = Literal["waiting", "running", "over"]
InForce = Literal["planned", "in-force", "ended", "refused", "undo-failed"]


@dataclass(frozen=True)
class Figures:
    """Pages asked for since the start, sign-on apart; the wait is the 95th percentile, from the planned instant on."""

    asked: int = 0
    served: int = 0
    shed: int = 0
    failed: int = 0
    wait_seconds: float | None = None


@dataclass(frozen=True)
class Point:
    """A stretch of the course: from run second `t` on, pages a second, and the wait as in the figures."""

    t: int
    asked: float
    served: float
    shed: float
    wait_seconds: float | None


@dataclass(frozen=True)
class Cell:
    """One persona on one service in the last seconds: pages, the wait, and how it looks beside what is owed."""

    persona: str
    service: str
    asked: int
    served: int
    shed: int
    wait_seconds: float | None
    owed_seconds: float | None
    look: CellLook


@dataclass(frozen=True)
class Health:
    """The generator's own: visits due, started and lost; the busiest process; how late a start was."""

    offered: int = 0
    started: int = 0
    lost: int = 0
    present: int = 0
    busy_share: float = 0.0
    late_seconds: float = 0.0
    look: CellLook = "none"


@dataclass(frozen=True)
class Disturbance:
    """A fault or measure of the run; `stoppable` while a lease of it is in force."""

    id: str
    kind: str
    title: dict[str, str]
    start_s: float
    end_s: float
    state: InForce
    stoppable: bool
    touched: int | None


@dataclass(frozen=True)
class Snapshot:
    """All that the page shows. `end` and `verdict` are empty until the run has them."""

    stage: Stage
    run: str = ""
    t: int = 0
    end_s: float = 0.0
    phase: str = ""
    figures: Figures = Figures()
    points: tuple[Point, ...] = ()
    width_seconds: int = 1
    cells: tuple[Cell, ...] = ()
    health: Health = Health()
    disturbances: tuple[Disturbance, ...] = ()
    stoppable: bool = False
    end: str = ""
    verdict: str = ""

    def to_json(self) -> str:
        """As one line."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
