"""Moments that a curve of hours does not know: the bell, and rushes such as results, report cards, an announcement."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from entsurge.audience.figure import Share, at_most_100
from entsurge.audience.shape import DAYS, PersonaKey
from entsurge.audience.strict import Clock, Day, Strict, minutes
from entsurge.bilingual import Title

WEEK_MINUTES = 7 * 1440


class Bell(Strict):
    """In these hours of these days, `percent` of the hour's arrivals come in its first `minutes`."""

    title: Title
    source: str
    percent: Annotated[Share, AfterValidator(at_most_100)]
    minutes: Annotated[int, Field(ge=1, le=59)]
    hours: Annotated[list[Annotated[int, Field(ge=0, le=23)]], Field(min_length=1)]
    days: Annotated[list[Day], Field(min_length=1)]

    def rings(self, hour: int) -> bool:
        """Whether the bell rings at the beginning of this hour of the week (0 is Monday 00 h)."""
        return hour % 24 in self.hours and DAYS[hour // 24] in self.days

    def before(self, hour: int, minute: int) -> Fraction:
        """Which share of the arrivals of this hour of the week comes before its `minute`."""
        if not self.rings(hour):
            return Fraction(minute, 60)
        share = self.percent.value / 100
        early = share * Fraction(min(minute, self.minutes), self.minutes)
        return early + (1 - share) * Fraction(max(0, minute - self.minutes), 60 - self.minutes)

    @property
    def factor(self) -> Fraction:
        """How many times the hourly mean the first minutes see."""
        return self.percent.value / 100 * 60 / self.minutes


class Occasion(Strict):
    """Why people come at once: from `at` on, for `minutes`, most of them first, fewer every minute until none.

    `percent` says, per persona, how much of the week's visits it takes; the rest of the week keeps its curve, so that
    the week's totals stay as published.
    """

    title: Title
    source: str
    at: Clock
    minutes: Annotated[int, Field(ge=1, le=720)]
    percent: Annotated[dict[PersonaKey, Annotated[Share, AfterValidator(at_most_100)]], Field(min_length=1)]


class Event(Strict):
    """An occasion on a day of the profile's week; `at` replaces the occasion's own time."""

    occasion: str
    day: Day
    at: Clock | None = None


@dataclass(frozen=True, slots=True)
class Rush:
    """So many visits from a minute of the week on, the first minute having most: weights n, n − 1 … 1."""

    begin_minute: int
    minutes: int
    visits: Fraction

    def until(self, minute: int) -> Fraction:
        """The visits of the rush that come before this minute of the week; exact."""
        passed = min(max(minute - self.begin_minute, 0), self.minutes)
        return self.visits * Fraction(passed * (2 * self.minutes - passed + 1), self.minutes * (self.minutes + 1))


@dataclass(frozen=True, slots=True)
class Happening:
    """An event with its occasion: when it begins, how long it lasts, what it takes of each persona's week."""

    event: Event
    occasion: Occasion

    @property
    def begin_minute(self) -> int:
        """Minutes since Monday 00:00."""
        return DAYS.index(self.event.day) * 1440 + minutes(self.event.at or self.occasion.at)

    def share(self, persona: str) -> Fraction:
        """Which share of the persona's week it takes."""
        return next((of.value / 100 for name, of in self.occasion.percent.items() if name == persona), Fraction(0))

    def rush(self, visits: Fraction) -> Rush:
        """The rush that so many visits make."""
        return Rush(self.begin_minute, self.occasion.minutes, visits)


def overfull(happenings: list[Happening]) -> list[str]:
    """What is wrong with these events together, one sentence each."""
    found = [
        f"event {each.event.occasion}: lasts beyond Sunday 24:00"
        for each in happenings
        if each.begin_minute + each.occasion.minutes > WEEK_MINUTES
    ]
    personas = {persona for each in happenings for persona in each.occasion.percent}
    for persona in sorted(personas):
        total = sum((each.share(persona) for each in happenings), Fraction(0))
        if total > 1:
            found.append(f"event: the events take {float(100 * total):g} % of the week's visits of {persona}")
    return found


class Measure(Strict):
    """A conservation measure (an experiment of chaos/) in force on these days, all day or between two times."""

    name: str
    days: Annotated[list[Day], Field(min_length=1)] = Field(default=list(DAYS))
    begin: Clock = Field(default="00:00", alias="from")
    end: Clock = Field(default="24:00", alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Measure:
        if minutes(self.end) <= minutes(self.begin):
            raise ValueError(f"to = {self.end} must come after from = {self.begin}")
        return self
