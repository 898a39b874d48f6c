"""A capacity search: what was asked, and what its steps showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from entsurge.errors import UsageError

LOWEST = 1 / 64  # of the plan's rate; nothing lower is asked
Offered = Literal["steady", "poisson", "systematic"]
"""How the steps' visits arrived: at a constant rate, or as the window has them, drawn so."""


@dataclass(frozen=True)
class Settings:
    """How to search. Rates are multiples of the plan's. `tolerance` is the half interval asked for, as a share.

    `steps` is how many the time budget allows, returns to a known-good rate included in their price. Raises UsageError
    for what no search could heed.
    """

    start: float = 0.5
    tolerance: float = 0.07
    steps: int = 18
    highest: float = 64.0

    def __post_init__(self) -> None:
        if not LOWEST <= self.start <= self.highest:
            raise UsageError(
                f"the search begins at {self.start:g} times the plan",
                hint=f"from {LOWEST:g} to {self.highest:g} times",
            )
        if not 0.005 <= self.tolerance <= 0.5:
            raise UsageError(f"--tolerance {self.tolerance:g}: expected 0.005 to 0.5, such as 0.05 for ±5 %")


@dataclass(frozen=True)
class Search:
    """What is searched, and with what patience; seconds are real, of the run. `scale` is that of rate 1.

    `name` is what the note calls the target, where that is not its `url`; `more` what the command line of earlier runs
    changed in the profile.
    """

    profile: str
    url: str
    scale: str
    compression: str
    hold_seconds: float
    warm_up_seconds: float
    drain_seconds: int
    budget_seconds: float
    settings: Settings
    chaos: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    driver: str = "portal"
    target: str = ""
    name: str = ""
    scrape: tuple[tuple[str, str], ...] = ()
    resources: tuple[str, ...] = ()
    processes: int = 1
    seed: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Steadiness:
    """`rise`: how much times rose over the step, as a share of their median; `low`: its lower limit at 95 %.

    `settled_after` is how many seconds from the beginning are best left out (MSER-5), None where that is not clear.
    """

    rise: float
    low: float
    settled_after: int | None


@dataclass(frozen=True, kw_only=True)
class StepFindings:
    """What one step showed, its rates carried over to scale 1.

    `rate` is the multiple of the window's rate that was drawn. `margin` is how far the worst required objective was
    from its bound, below 0 kept; `binding` names that objective, `worst` has the margin of each. `held`: all were kept,
    steadily. `inside` pages were being served at once, `page_seconds` each. `used` is the share of the target's most
    used resource, `little` the residual of Little's law. `not_served` is the share of the pages planned that were not;
    `unjudged` names required objectives without a page; `comebacks` visits came back.
    """

    name: str
    path: str
    rate: float
    offered_pages: float
    offered_visits: float
    served_pages: float
    page_seconds: float
    inside: float
    margin: float
    held: bool
    binding: str
    steadiness: Steadiness
    steady: bool
    little: float | None
    used: float
    worst: dict[str, float]
    hold_seconds: float
    warm_up_seconds: float
    not_served: float
    unjudged: tuple[str, ...]
    in_force: tuple[str, ...]
    comebacks: int
