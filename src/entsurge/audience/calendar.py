"""A school year: zones, their academies, their holidays. Dates are ISO texts, which sort as days do."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from entsurge.audience.figure import Share, at_most_100
from entsurge.audience.strict import Strict
from entsurge.bilingual import Title

Zone = Literal["A", "B", "C"]
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_number(date: str) -> int:
    """Days since 0000-03-01 of a date such as 2026-02-09 (Gregorian)."""
    year, month, day = (int(part) for part in date.split("-"))
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1


def weekday(date: str) -> int:
    """0 for a Monday … 6 for a Sunday."""
    return (day_number(date) + 2) % 7


def _is_date(found: str) -> str:
    year, month, day = (int(part) for part in found.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _MONTHS[month - 1] + (leap and month == 2):
        raise ValueError("no such day")
    return found


Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_is_date)]


class Holiday(Strict):
    """No school in these zones from a day on; lessons resume on `resume`. `verified` says whether a source was read."""

    name: str
    zones: Annotated[list[Zone], Field(min_length=1)]
    begin: Date = Field(alias="from")
    resume: Date
    verified: bool
    source: str

    @model_validator(mode="after")
    def _in_order(self) -> Holiday:
        if self.resume <= self.begin:
            raise ValueError(f"resume = {self.resume} must come after from = {self.begin}")
        return self


class Calendar(Strict):
    """One school year."""

    title: Title
    source: str
    first_day: Date
    last_day: Date
    holiday_percent: Annotated[Share, AfterValidator(at_most_100)]
    zones: dict[Zone, list[str]]
    holiday: list[Holiday]

    def zone(self, academy: str) -> Zone | None:
        """The zone of an academy; None for one outside the three."""
        return next((zone for zone, academies in self.zones.items() if academy in academies), None)

    def holiday_of(self, zone: Zone | None, date: str) -> Holiday | None:
        """The holiday that this zone has on this day, if any."""
        return next((each for each in self.holiday if zone in each.zones and each.begin <= date < each.resume), None)

    def presence(self, academy: str, monday: str) -> Fraction:
        """The share of its ordinary audience that an academy has in the week of this Monday."""
        away = self.holiday_of(self.zone(academy), monday) is not None
        return self.holiday_percent.value / 100 if away else Fraction(1)

    def school_weeks(self, zone: Zone) -> int:
        """How many weeks of the year have lessons in this zone, from the week of the first day on."""
        first, last = (day_number(date) for date in (self.first_day, self.last_day))
        spans = [(day_number(each.begin), day_number(each.resume)) for each in self.holiday if zone in each.zones]
        mondays = range(first - weekday(self.first_day), last, 7)
        return sum(not any(begin <= monday < end for begin, end in spans) for monday in mondays)


class TermWeek(Strict):
    """Which week of which school year the profile stands in: the Monday's date."""

    year: str
    monday: Date

    @model_validator(mode="after")
    def _is_a_monday(self) -> TermWeek:
        if weekday(self.monday):
            raise ValueError(f"monday = {self.monday} is no Monday")
        return self
