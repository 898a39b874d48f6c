"""A date and what school it is: which academies have lessons, which are away, which come back. Dates are ISO texts.

Holidays of the zones and public holidays come from `holidays`, which reckons on beyond what was published;
`vacances-scolaires-france` holds published days alone, and says up to which day a date can be believed.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from entsurge.audience.academies import ACADEMIES
from entsurge.audience.figure import Figure, Positive, Share, at_most_100
from entsurge.audience.strict import Strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Zone = Literal["A", "B", "C"]
ZONES: dict[Zone, frozenset[str]] = {
    "A": frozenset(
        {"Besançon", "Bordeaux", "Clermont-Ferrand", "Dijon", "Grenoble", "Limoges", "Lyon", "Poitiers"}
    ),
    "B": frozenset(
        {"Aix-Marseille", "Amiens", "Lille", "Nancy-Metz", "Nantes", "Nice", "Normandie", "Orléans-Tours", "Reims",
         "Rennes", "Strasbourg"}
    ),
    "C": frozenset({"Créteil", "Montpellier", "Paris", "Toulouse", "Versailles"}),
}  # fmt: skip
"""The zones since January 2016."""
TERRITORIES = {
    "Strasbourg": "6AE", "Guadeloupe": "971", "Martinique": "972", "Guyane": "973", "La Réunion": "974",
    "Mayotte": "976",
}  # fmt: skip
"""Academies whose territory has public holidays of its own, by its key in `holidays`."""
FIRST_KNOWN = "2017-09-04"
"""From this day on `holidays` knows the zones."""
LONG_DAYS = 9
"""Whoever was away for so many days, weekends included, comes back; a bank-holiday weekend is no holiday."""
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_number(date: str) -> int:
    """Days since 0000-03-01 of a date such as 2026-02-09 (Gregorian)."""
    year, month, day = (int(part) for part in date.split("-"))
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1


def date_of(number: int) -> str:
    """The date of such a number: the reverse of `day_number`."""
    era, of_era = divmod(number, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    return f"{400 * era + year + (month > 9):04d}-{month + 3 if month < 10 else month - 9:02d}-{day:02d}"


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


def _is_known(found: str) -> str:
    last = last_known()
    if not FIRST_KNOWN <= found <= last:
        raise ValueError(
            f"outside the school years whose dates are known here ({FIRST_KNOWN} to {last}); when later ones are "
            "published: pip install --upgrade holidays vacances-scolaires-france"
        )
    return found


KnownDate = Annotated[Date, AfterValidator(_is_known)]


def _is_academy(found: str) -> str:
    if found not in ACADEMIES:
        raise ValueError(f"no such academy; the academies are {', '.join(ACADEMIES)}")
    return found


@cache
def last_known() -> str:
    """The last day of the last school year that was published."""
    from vacances_scolaires_france import SchoolHolidayDates  # reads 14,000 lines

    return str(max(SchoolHolidayDates().data))


@cache
def _off(region: str | None, category: Literal["school", "public"]) -> Any:
    """The days without lessons of a zone or a territory: `get` gives the name of one."""
    from holidays import country_holidays  # costs 0.3 s that only a profile with a date pays

    return country_holidays("FR", subdiv=region, categories=(category,), language="fr")


class OwnHoliday(Strict):
    """No lessons in these academies from a day on; lessons resume on `resume`."""

    name: str
    academies: Annotated[list[Annotated[str, AfterValidator(_is_academy)]], Field(min_length=1)]
    begin: Date = Field(alias="from")
    resume: Date

    @model_validator(mode="after")
    def _in_order(self) -> OwnHoliday:
        if self.resume <= self.begin:
            raise ValueError(f"resume = {self.resume} must come after from = {self.begin}")
        return self


class Calendar(Strict):
    """The date that a profile stands in, and how many come on a day without lessons and on the first day after.

    Both in percent of an ordinary audience. `holiday` are those that no library knows, such as Corsica's.
    `zone_percent` is which part of the audience lives in each zone; without it every academy counts alike.
    """

    date: KnownDate
    holiday_percent: Annotated[Share, AfterValidator(at_most_100)] = Figure(Decimal(5))
    return_percent: Positive = Figure(Decimal(100))
    holiday: Annotated[list[OwnHoliday], Field(max_length=400)] = Field(default=[])
    zone_percent: dict[Zone, Positive] = Field(default={})

    @property
    def monday(self) -> str:
        """The Monday of the date's week."""
        return date_of(day_number(self.date) - weekday(self.date))

    def without(self, academies: Iterable[str]) -> list[str]:
        """Those whose calendar nobody has told: in no zone, and without a holiday in the profile."""
        told = frozenset[str]().union(*ZONES.values(), *(each.academies for each in self.holiday))
        return [academy for academy in academies if academy not in told]

    def closed(self, academy: str, date: str) -> str | None:
        """Why an academy has no lessons on this day (the name of its holiday), weekends left out; None if it has."""
        own = (each for each in self.holiday if academy in each.academies and each.begin <= date < each.resume)
        return next((each.name for each in own), None) or _published(academy, date)

    def returns(self, academy: str, date: str) -> bool:
        """Whether lessons resume on this day after a holiday: the days before it were all without."""
        number = day_number(date)
        before = (date_of(number - days) for days in range(1, LONG_DAYS + 1))
        return self._lessons(academy, date) and not any(self._lessons(academy, each) for each in before)

    def _lessons(self, academy: str, date: str) -> bool:
        return weekday(date) < 5 and self.closed(academy, date) is None

    def presence(self, academy: str) -> tuple[Fraction, ...]:
        """The shares of its ordinary audience that an academy has on the seven days of the week, Monday first."""
        first = day_number(self.monday)
        return tuple(self._present(academy, date_of(first + day)) for day in range(7))

    def _present(self, academy: str, date: str) -> Fraction:
        if self.closed(academy, date):
            return self.holiday_percent.value / 100
        return self.return_percent.value / 100 if self.returns(academy, date) else Fraction(1)


@cache
def _published(academy: str, date: str) -> str | None:
    zone = zone_of(academy)
    public: str | None = _off(TERRITORIES.get(academy), "public").get(date)
    return public or (_off(f"Zone {zone}", "school").get(date) if zone else None)


def zone_of(academy: str) -> Zone | None:
    """The zone of an academy; none for Corsica's and those overseas."""
    return next((zone for zone, academies in ZONES.items() if academy in academies), None)


def _weighing(calendar: Calendar, academies: Iterable[str]) -> Iterator[str]:
    """What keeps zones from being weighed: others than those of these academies, a sum that is not the whole."""
    if not calendar.zone_percent:
        return
    there, without = {zone_of(each) for each in academies} - {None}, [each for each in academies if not zone_of(each)]
    if without:
        yield f"calendar.zone_percent: {', '.join(without)}: in no zone, and so without a part of the audience"
    if set(calendar.zone_percent) != there:
        yield f"calendar.zone_percent: expected zones {', '.join(sorted(map(str, there)))}, those of the academies"
    whole = sum(each.value for each in calendar.zone_percent.values())
    if whole != 100:
        yield f"calendar.zone_percent: sums to {float(whole):g}, expected 100"


def faults(calendar: Calendar, academies: Iterable[str], days: Iterable[str]) -> Iterator[str]:
    """What keeps a calendar from saying which of these academies have lessons, on its own day and on these."""
    academies = list(academies)
    lacking = calendar.without(academies)
    if lacking:
        yield (
            f"calendar: {', '.join(lacking)}: in none of the zones A, B and C, and no library has these calendars; "
            "add their holidays as [[calendar.holiday]] (name, academies, from, resume), or ask for fewer "
            f"population.academies ({sum(map(len, ZONES.values()))} are in the zones)"
        )
    yield from _weighing(calendar, academies)
    for number, date in enumerate(days, 1):
        try:
            _is_known(date)
        except ValueError as error:
            yield f"day.{number}.date: {date}: {error}"
