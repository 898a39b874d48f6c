"""How much a target can take, how sure that is, and whether it is enough: capacity.json.

Rates are per second, at scale 1 and in the day's own time unless a name says otherwise; multiples are of the pages per
second that the profile's window asks for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from entsurge.audience.persona import Persona
from entsurge.findings.search import Offered, Search, StepFindings
from entsurge.findings.statement import Statement, Title

FORMAT = 4
FEWEST_FOR_LAW = 6  # steps that determine a scalability law


def _open(found: object) -> object:
    return math.inf if found is None else found


OpenEnd = Annotated[
    float, BeforeValidator(_open), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]})
]  # fmt: skip
"""Infinite where nothing bounds it; null in JSON."""
How = Literal["line", "bracket", "at-least", "at-most"]
Enough = Literal["yes", "no", "unsure", "unknown"]
Note = Literal[
    "few-steps", "never-missed", "never-held", "bracket-only", "not-monotone", "not-steady", "not-served", "unjudged",
    "comebacks",
]  # fmt: skip
"""What a reader must know before believing the number."""


@dataclass(frozen=True)
class Interval:
    """A value and the two ends of its interval."""

    value: float
    low: float
    high: OpenEnd


@dataclass(frozen=True)
class Boundary:
    """The boundary as a multiple of the plan's rate, with its interval (Fieller, nominally 99 %).

    `how`: `line` (through the margins near it), `bracket` (too few steps for a line: between the highest rate held
    and the lowest missed), `at-least` (nothing was missed) or `at-most` (nothing was held); `value` is then the end
    that is known, a tenth inside the outermost step, as a bracket's ends are. `steps` is how many the figure rests on.
    """

    value: float
    low: float
    high: OpenEnd
    how: How
    steps: int


@dataclass(frozen=True)
class Fit:
    """α (contention), β (coherency), γ (throughput of one); None as the peak where β is 0 or beyond what was seen.

    `residuals` are served minus fitted, in the order of the steps; intervals are bootstrap percentiles at 95 %, None
    where no sample of the steps determined one. With `platforms` other than 1 the law is that of so many such platforms
    side by side: peak and residuals are theirs, and α, β, γ those of one, so that
    X(N) = platforms × γn / (1 + α(n − 1) + βn(n − 1)) with n = N ÷ platforms.
    """

    alpha: float
    beta: float
    gamma: float
    peak_load: float | None
    peak_served: float | None
    peak_observed: bool
    residuals: tuple[float, ...]
    relative_error: float
    alpha_interval: tuple[float, float] | None
    beta_interval: tuple[float, float] | None
    peak_served_interval: tuple[float, float] | None
    platforms: float = 1.0


@dataclass(frozen=True)
class Check:
    """Of the step at this rate: the measured mean time of a page against M/M/c's, and Little's residual of the run.

    `mmc_seconds` is None where the queue of M/M/c would grow without end.
    """

    rate: float
    page_seconds: float
    mmc_seconds: float | None
    little_residual: float | None


@dataclass(frozen=True)
class Resource:
    """A resource of the target: the share of it in use, and the pages per second that use it up.

    Both from the step with the highest use that was held or nearly so: U = X·D/m, so U = 1 at X/U.
    """

    name: str
    used: float
    served_pages: float
    page_demand_seconds: float
    saturates_at: float


@dataclass(frozen=True)
class Answer:
    """One case. `hours` are 168 multiples of the window's page rate (the busiest stretch), Monday 00 h first.

    `over` counts the hours above the capacity (at its upper end, its value, its lower end); `growth` is the factor by
    which the capacity would have to grow, at most 1 where it suffices. `suffices`: yes or no beyond the capacity's
    interval, None inside it. `peak_pages` is full scale.
    """

    case: str
    detail: dict[str, float]
    hours: tuple[float, ...]
    peak_hour: str
    peak: float
    peak_pages: float
    over: tuple[int, int, int]
    growth: Interval
    capacity: Interval
    suffices: bool | None


@dataclass(frozen=True)
class Surge:
    """Page views multiplied: by how many times, and what that would take."""

    times: float
    answer: Answer


@dataclass(frozen=True)
class WhatIf:
    """The week's demand against the capacity: the cases that a review asks about, and page views ×1 to ×5."""

    cases: list[Answer]
    surges: list[Surge]


@dataclass(frozen=True)
class AtThePlatform:
    """The rates as they were measured, at the platform that was loaded."""

    pages_per_second: Interval
    visits_per_second: Interval
    need_pages_per_second: float


@dataclass(frozen=True)
class CarriedOver:
    """How every rate came to be at scale 1: what was measured × `factor`.

    `assumption` says what that takes for granted; None at scale 1 and compression 1, where nothing is carried over.
    """

    scale: str
    compression: str
    factor: float
    at_the_platform: AtThePlatform
    assumption: str | None


@dataclass(frozen=True)
class Asked:
    """What was asked beside the search: how many nodes and schools there are, which runs the steps were taken from."""

    nodes: int | None = None
    schools: int | None = None
    runs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RequiredObjective:
    """What a persona is owed on a service (`*`: any) in a phase of the profile."""

    persona: str
    service: str
    phase: str
    must: str


@dataclass(frozen=True, kw_only=True)
class CapacityReport:
    """The capacity, what it rests on, and the need beside it.

    `ceiling` is the lowest rate at which the measurement itself gave out, `generator` says why, a sentence for each
    step that did. `binding` names the objective that gives first. `law` is fitted to the steps, `law_missing` says why
    there is none; `servers` is how many pages the platform that was loaded seems to serve at once. `not_served` is the
    largest share of the pages planned that a step which was held did not serve; `judged` and `unjudged` name the
    required objectives that steps were judged by, and those that some step had no page for. `mix` has the share of the
    page views that each persona has, from 0 to 1.
    """

    format: int = FORMAT
    search: Search
    stop: str
    remarks: list[Statement]
    ceiling: float | None
    generator: list[Statement]
    offered: Offered
    boundary: Boundary
    enough: Enough
    steps: list[StepFindings]
    pages_per_second: Interval
    visits_per_second: Interval
    binding: str
    law: Fit | None
    law_missing: str
    servers: int | None
    checks: list[Check]
    resources: list[Resource]
    not_served: float
    judged: list[str]
    unjudged: list[str]
    notes: list[Note]
    need_pages_per_second: float
    carried_over: CarriedOver
    mix: dict[str, float]
    in_force: list[str]
    not_in_force: list[str]
    what_if: WhatIf | None
    asked: Asked
    title: Title
    window: dict[str, str]
    personas: list[Persona]
    objectives: list[RequiredObjective]
