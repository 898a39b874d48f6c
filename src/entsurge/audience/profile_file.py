"""A profile as it is written: its tables, their keys, what each may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from entsurge.audience.calendar import Calendar
from entsurge.audience.figure import Ratio
from entsurge.audience.moment import Event, Measure
from entsurge.audience.objective import parse_objective
from entsurge.audience.shape import DAYS, SERVICES, PersonaKey
from entsurge.audience.story import Basis, SchoolDay
from entsurge.audience.strict import Clock, Day, Strict, minutes
from entsurge.audience.week import Figures
from entsurge.bilingual import Title


class Window(Strict):
    """Which part of the week is replayed, in local time."""

    day: Day
    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if minutes(self.end) <= minutes(self.begin):
            raise ValueError(f"to = {self.end} must come after from = {self.begin}")
        return self

    @property
    def begin_minute(self) -> int:
        """Minutes since Monday 00:00."""
        return DAYS.index(self.day) * 1440 + minutes(self.begin)

    @property
    def end_minute(self) -> int:
        """Minutes since Monday 00:00; the minute itself is outside."""
        return DAYS.index(self.day) * 1440 + minutes(self.end)


class Replay(Strict):
    """How the window is replayed: the share of the population, the compression of time, what comes before and after."""

    scale: Ratio
    compression: Ratio
    phase: Literal["baseline", "surge"] = "surge"
    arrivals: Literal["systematic", "poisson"] = "systematic"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 9
    draw: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Which of a seed's many plans: other arrivals, the same people."""
    warm_up_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    page_deadline_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    max_visitors: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    returning_browsers_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    """The share of visits whose browser was there before, and resumes its TLS session instead of a whole handshake."""
    steady_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    """Hold the window's mean rate for so many minutes from its beginning, in place of the window; 0: the window."""


class People(Strict):
    """How large the synthetic population is."""

    academies: Annotated[int, Field(ge=1, le=30)] = 4
    schools: Annotated[int, Field(ge=1, le=10_000)] = 8
    classes_per_school: Annotated[int, Field(ge=1, le=200)] = 6
    pupils_per_class: Annotated[int, Field(ge=1, le=60)] = 30


class ObjectiveSpec(Strict):
    """What a persona is owed on a service in a phase."""

    id: str = ""
    persona: PersonaKey | Literal["*"] = "*"
    service: str = "*"
    phase: Literal["baseline", "surge", "fault", "recovery"]
    must: str
    required: bool = True

    @field_validator("must")
    @classmethod
    def _is_grammar(cls, found: str) -> str:
        parse_objective(found)
        return found

    @field_validator("service")
    @classmethod
    def _is_service(cls, found: str) -> str:
        if found not in ("*", "sign-on", *SERVICES):
            raise ValueError(f"expected * or one of sign-on, {', '.join(SERVICES)}")
        return found


class Scrape(Strict):
    """A Prometheus endpoint of the target, its address relative to the target's, and the series wanted of it."""

    url: Annotated[str, Field(min_length=1)]
    series: Annotated[list[str], Field(min_length=1, max_length=40)]


class ObjectivesFile(Strict):
    """A file of objectives alone, for `entsurge gate --objectives`."""

    objective: Annotated[list[ObjectiveSpec], Field(min_length=1)]


class ProfileFile(Strict):
    """A profile as it is written."""

    title: Title
    source: str
    baseline: str | None = None
    shape: str
    personas: str
    figures: Figures
    window: Window
    replay: Replay
    population: People = People()
    objective: list[ObjectiveSpec] = Field(default=[])
    scrape: Annotated[list[Scrape], Field(max_length=10)] = Field(default=[])
    bell: str | None = None
    devices: str | None = None
    calendar: Calendar | None = None
    event: list[Event] = Field(default=[])
    measure: list[Measure] = Field(default=[])
    day: list[SchoolDay] = Field(default=[])
    basis: list[Basis] = Field(default=[])


def numbered(objectives: list[ObjectiveSpec]) -> list[dict[str, Any]]:
    """Objectives as a manifest holds them: each has an id."""
    return [each.model_dump() | {"id": each.id or f"objective-{number}"} for number, each in enumerate(objectives, 1)]
