"""What a profile tells of a time that happened: what is known, what is reasoned, and its days one by one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from entsurge.audience.calendar import Date, weekday
from entsurge.audience.figure import Positive
from entsurge.audience.shape import DAYS
from entsurge.audience.strict import Day, Strict
from entsurge.bilingual import Title


class Basis(Strict):
    """One thing that the profile rests on: a fact with its source, or a reasoned default with its reason."""

    kind: Literal["fact", "reasoned"]
    text: str
    source: str


class SchoolDay(Strict):
    """One day of several: which, how much of the week's figures it sees, which measures are in force.

    `demand` multiplies the week's visits and page views (1 leaves them as they are); `source` says where it comes from.
    """

    title: Title
    date: Date
    day: Day
    demand: Positive | None = None
    measures: Annotated[list[str], Field(max_length=20)] = Field(default=[])
    source: str

    @model_validator(mode="after")
    def _is_that_day(self) -> SchoolDay:
        if self.day != (found := DAYS[weekday(self.date)]):
            raise ValueError(f"{self.date} is a {found}, not a {self.day}")
        return self
