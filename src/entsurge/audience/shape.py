"""Week shapes and persona mixes: when each persona comes, which pages it opens, what it puts up with."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from entsurge.audience.figure import Figure, Share, at_most_100
from entsurge.bilingual import Title

if TYPE_CHECKING:
    from entsurge.audience.strict import Day

Persona = Literal["student", "teacher", "parent", "staff"]
PERSONAS: tuple[Persona, ...] = ("student", "teacher", "parent", "staff")
Service = Literal[
    "home", "messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class"
]
SERVICES: tuple[Service, ...] = (
    "home", "messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class",
)  # fmt: skip
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_HOUR = 6
NIGHT_SHARE = Fraction(1, 100)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Curve(_Strict):
    """When one persona comes: seven weights Monday to Sunday, eighteen for the hours 06 to 23 (the night has 1 %)."""

    days: Annotated[list[Share], Field(min_length=7, max_length=7)]
    hours: Annotated[list[Share], Field(min_length=18, max_length=18)]

    @model_validator(mode="after")
    def _somebody_comes(self) -> Curve:
        for name, weights in (("days", self.days), ("hours", self.hours)):
            if not any(weight.value for weight in weights):
                raise ValueError(f"{name}: all weights are 0")
        return self

    def share(self, day: int, hour: int) -> Fraction:
        """The share of the week's visits that falls in this hour; the 168 shares sum to 1."""
        return self._shares[day * 24 + hour]

    @cached_property
    def _shares(self) -> tuple[Fraction, ...]:
        whole_week, whole_day = (sum(weight.value for weight in of) for of in (self.days, self.hours))
        night = [NIGHT_SHARE / FIRST_HOUR] * FIRST_HOUR
        hours = night + [weight.value / whole_day * (1 - NIGHT_SHARE) for weight in self.hours]
        return tuple(weight.value / whole_week * hour for weight in self.days for hour in hours)


class Shape(_Strict):
    """One curve per persona."""

    title: Title
    source: str
    student: Curve
    teacher: Curve
    parent: Curve
    staff: Curve

    def curve(self, persona: str) -> Curve:
        """The curve of this persona."""
        found: Curve = getattr(self, persona)
        return found


class Patience(_Strict):
    """After how many refused or failed pages a visitor leaves."""

    shed: Annotated[int, Field(ge=1, le=100)] = 1
    failed: Annotated[int, Field(ge=1, le=100)] = 2


class Retry(_Strict):
    """Those who did not get what they came for come back: in percent each time, so many times at most, after how long.

    `after_seconds` are the shortest and the longest wait, in seconds of the simulated day; any in between is as likely.
    """

    percent: Annotated[Share, AfterValidator(at_most_100)] = Figure(Decimal(100))
    times: Annotated[int, Field(ge=1, le=50)]
    after_seconds: tuple[Annotated[int, Field(ge=1, le=3600)], Annotated[int, Field(ge=1, le=3600)]]

    @model_validator(mode="after")
    def _in_order(self) -> Retry:
        if self.after_seconds[0] > self.after_seconds[1]:
            raise ValueError("after_seconds: expected the shortest wait, then the longest")
        return self


class Mix(_Strict):
    """One persona: its share of visits, its pages in percent of page views, its patience, whether it insists."""

    visit_share: Share
    protected: bool = False
    patience: Patience = Patience()
    retry: Retry | None = None
    pages: dict[Service, Share]

    @model_validator(mode="after")
    def _opens_something(self) -> Mix:
        if not any(share.value for share in self.pages.values()):
            raise ValueError("pages: all shares are 0")
        return self

    def page_share(self, service: str) -> Fraction:
        """The share of this persona's page views that this service has; they sum to 1."""
        total = sum(share.value for share in self.pages.values())
        return next((share.value / total for name, share in self.pages.items() if name == service), Fraction(0))


class Mixes(_Strict):
    """The personas of an audience."""

    title: Title
    source: str
    requests_per_page: Share
    student: Mix
    teacher: Mix
    parent: Mix
    staff: Mix

    def mix(self, persona: str) -> Mix:
        """One persona's mix."""
        found: Mix = getattr(self, persona)
        return found

    @property
    def retries(self) -> dict[Persona, Retry]:
        """How the personas that insist come back."""
        mixes: dict[Persona, Mix] = {persona: self.mix(persona) for persona in PERSONAS}
        return {persona: mix.retry for persona, mix in mixes.items() if mix.retry}

    def visit_share(self, persona: str) -> Fraction:
        """The share of visits that this persona makes; the four sum to 1."""
        total = sum(self.mix(name).visit_share.value for name in PERSONAS)
        return self.mix(persona).visit_share.value / total
