"""Dates and school years: who has lessons on a day, who comes back, and what is said of a day that nobody knows."""

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.audience.academies import ACADEMIES
from entsurge.audience.calendar import ZONES, Calendar, date_of, day_number, last_known, weekday
from entsurge.errors import UsageError
from entsurge.plan.people import groups, presence
from entsurge.plan.rates import MINUTES, rate

FOLDER = content.root("profiles")
EVERYBODY = Fraction(1)
OWN = """date = "2026-11-02"
[[calendar.holiday]]
name = "Toussaint"
academies = ["{}"]
from = "2026-10-17"
resume = "{}"
"""


def written(tmp_path: Path, calendar: str, academies: int = 24) -> str:
    text = (FOLDER / "messaging-closed-2024.toml").read_text(encoding="utf-8")
    more = f"[calendar]\n{calendar}\n[population]\nacademies = {academies}\nschools = {academies}\n"
    (tmp_path / "ours.toml").write_text(text.replace("\n[figures]", f"\n{more}\n[figures]", 1), encoding="utf-8")
    return str(tmp_path / "ours.toml")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)))
def test_dates_are_those_of_the_standard_library(date: dt.date) -> None:
    """Reckoned from the text alone, without a clock, there and back."""
    assert weekday(date.isoformat()) == date.weekday()
    assert date_of(day_number(date.isoformat())) == date.isoformat()
    assert day_number("2026-03-01") - day_number("2026-02-28") == 1


def test_every_academy_of_the_zones_is_one_that_people_live_in() -> None:
    """The 24 of the zones come first in a population, those that no zone has after them."""
    zoned = [academy for academies in ZONES.values() for academy in academies]
    assert len(zoned) == 24
    assert set(zoned) == set(ACADEMIES[:24])


PUBLIC = {"2026-11-11", "2027-03-29", "2027-05-01", "2027-05-17"}


@pytest.mark.parametrize("zone", ["A", "B", "C"])
def test_two_libraries_tell_the_same_of_every_day_of_a_school_year(zone: str) -> None:
    """They were written apart, one reckons and one lists; in 2026-27 they part on the Sunday of Ascension alone."""
    from vacances_scolaires_france import SchoolHolidayDates

    listed, academy, calendar = SchoolHolidayDates(), min(ZONES[zone]), Calendar(date="2026-09-01")
    differ = set()
    for day in (dt.date(2026, 9, 1) + dt.timedelta(days=count) for count in range(365)):
        off = calendar.closed(academy, day.isoformat()) is not None
        if off != listed.is_holiday_for_zone(day, zone):
            differ.add(day.isoformat())
    assert differ - PUBLIC == {"2027-05-09"}


def test_a_zone_on_holiday_stays_away(tmp_path: Path) -> None:
    """In the second week of February 2026 zone A is away: 5 % of its audience remain, nobody else's changes."""
    loaded = profiles.load(written(tmp_path, 'date = "2026-02-12"'))
    there = {group.name: group.present for group in groups(loaded)}
    assert set(there["Lyon"]) == {Fraction(1, 20)}
    assert there["Lille"][:5] == (EVERYBODY,) * 5
    assert there["Lille"][5:] == (Fraction(1, 20),) * 2, "its own holiday begins on the Saturday"
    assert presence(loaded)[3] == Fraction(16, 24) + Fraction(8, 24) / 20


def test_a_public_holiday_empties_its_own_day_alone(tmp_path: Path) -> None:
    """On 11 November 2026 nobody has lessons: that Wednesday has 5 % of its visits, the other days have all."""
    loaded = profiles.load(written(tmp_path, 'date = "2026-11-11"'))
    plain = rate(loaded, "student")
    given = rate(loaded, "student", present=presence(loaded))
    wednesday = plain.until(3 * 1440) - plain.until(2 * 1440)
    assert given.until(3 * 1440) - given.until(2 * 1440) == wednesday / 20
    assert given.until(MINUTES) == plain.until(MINUTES) - wednesday * Fraction(19, 20)


def test_territories_have_public_holidays_of_their_own() -> None:
    """Good Friday is one in Strasbourg and not in Nancy; the abolition of slavery has its own date in each overseas."""
    calendar = Calendar(date="2027-03-26")
    assert calendar.closed("Strasbourg", "2027-03-26") == "Vendredi saint"
    assert calendar.closed("Nancy-Metz", "2027-03-26") is None
    assert calendar.closed("Guadeloupe", "2027-05-27") == "Abolition de l'esclavage"
    assert calendar.closed("Martinique", "2027-05-27") is None


def test_three_zones_come_back_one_after_the_other() -> None:
    """After the winter holidays of 2027: C, then A, then B; on the last Monday, most of France is back already."""
    shares = []
    for number, back in ((3, "C"), (4, "A"), (5, "B")):
        day = profiles.load("returns-2026-27", overrides={"day": number})
        assert day.file.calendar is not None
        returning = {each for each in ACADEMIES[:24] if day.file.calendar.returns(each, day.file.calendar.date)}
        assert returning == ZONES[back]
        shares.append(float(presence(day)[0]))
    assert shares == pytest.approx([0.3, 0.648, 1.115], abs=0.001)
    together = profiles.load("returns-2026-27", overrides={"day": 1})
    assert presence(together)[0] == Fraction(5, 4)


def test_zones_are_weighed_where_the_profile_says_so(tmp_path: Path) -> None:
    """With so much of the audience in a zone, the first and the last return are its shares'."""
    weighed = 'date = "2027-02-22"\nreturn_percent = 125\nzone_percent = { A = 30, B = 30, C = 40 }'
    loaded = profiles.load(written(tmp_path, weighed))
    assert presence(loaded)[0] == Fraction(40 * 125 + 60 * 5, 10_000)
    of = {group.name: group.share for group in groups(loaded)}
    assert (sum(of.values()), sum(of[each] for each in ZONES["C"])) == (1, Fraction(2, 5))
    assert of["Paris"] == Fraction(2, 25)
    last = profiles.load(written(tmp_path, weighed.replace("02-22", "03-08")))
    assert presence(last)[0] == Fraction(70 * 100 + 30 * 125, 10_000)


def test_zones_are_those_of_the_academies_that_have_schools(tmp_path: Path) -> None:
    """Ten schools are of ten academies, none of them in zone C: its weight is refused, and shares are the whole."""
    all_zones = 'date = "2027-02-22"\nzone_percent = { A = 30, B = 30, C = 40 }'
    few = {"schools": 10}
    with pytest.raises(UsageError, match="zone_percent: expected zones A, B, those of the academies"):
        profiles.load(written(tmp_path, all_zones), overrides=few)
    two = written(tmp_path, all_zones.replace("30, B = 30, C = 40", "30, B = 70"))
    assert sum(group.share for group in groups(profiles.load(two, overrides=few))) == 1


def test_a_weekend_of_four_days_is_no_holiday() -> None:
    """Nobody comes back from Ascension as from two weeks of absence."""
    calendar = Calendar(date="2027-05-10")
    assert calendar.closed("Lyon", "2027-05-07") == "Pont de l'Ascension"
    assert not calendar.returns("Lyon", "2027-05-10")
    assert calendar.returns("Lyon", "2027-04-26")


def test_a_date_gives_the_window_its_day() -> None:
    """The first day of a school year is a Tuesday in 2026 and a Thursday in 2027; any profile moves with --date."""
    assert profiles.load("term-start").file.window.day == "tuesday"
    assert profiles.load("term-start-2027").file.window.day == "thursday"
    moved = profiles.load("ordinary-week", overrides={"date": "2026-11-11"})
    assert moved.file.window.day == "wednesday"
    assert presence(moved)[2] == Fraction(1, 20)


def test_a_calendar_that_no_library_has_is_told_in_the_profile(tmp_path: Path) -> None:
    """With its holidays, Corsica's academy is one as the others: away, and back."""
    loaded = profiles.load(written(tmp_path, OWN.format("Corse", "2026-11-03"), academies=25))
    there = {group.name: group.present for group in groups(loaded)}
    assert there["Corse"][:2] == (Fraction(1, 20), EVERYBODY)


@pytest.mark.parametrize(
    ("calendar", "academies", "expected"),
    [
        ('date = "2029-09-03"', 24, r"calendar.date: found '2029-09-03'; outside the school years .* pip install --up"),
        ('date = "2016-09-05"', 24, "outside the school years"),
        ('date = "2026-02-30"', 24, "no such day"),
        ("holiday_percent = 5", 24, "calendar.date: missing"),
        ('date = "2026-11-02"', 26, r"calendar: Corse, Guadeloupe: in none of the zones .*population.academies \(24"),
        (OWN.format("Atlantide", "2026-11-03"), 24, "Atlantide'; no such academy; the academies are Clermont"),
        (OWN.format("Corse", "2026-10-17"), 25, "must come after"),
        (
            'date = "2026-11-02"\nzone_percent = { A = 50, B = 30, C = 30 }',
            24,
            "zone_percent: sums to 110, expected 100",
        ),
        ('date = "2026-11-02"\nzone_percent = { A = 50, B = 50 }', 24, "zone_percent: expected zones A, B, C"),
        (
            OWN.format("Corse", "2026-11-03").replace("[[", "zone_percent = { A = 30, B = 30, C = 40 }\n[[", 1),
            25,
            "zone_percent: Corse: in no zone",
        ),
    ],
)
def test_what_nobody_knows_is_refused(tmp_path: Path, calendar: str, academies: int, expected: str) -> None:
    """A date outside the data, an academy in no zone or none at all: file, key, and what to do."""
    with pytest.raises(UsageError, match=expected) as refused:
        profiles.load(written(tmp_path, calendar, academies))
    assert "ours.toml" in str(refused.value)


def test_a_day_of_several_lies_in_the_data_too(tmp_path: Path) -> None:
    """The date of each of a profile's days is held against the calendar, and against the day of the week it names."""
    text = (FOLDER / "returns-2026-27.toml").read_text(encoding="utf-8")
    for written_date, expected in (("2031-11-03", "day.1.date: 2031-11-03: outside"), ("2026-11-03", "is a tuesday")):
        (tmp_path / "ours.toml").write_text(text.replace('date = "2026-11-02"\nday', f'date = "{written_date}"\nday'))
        with pytest.raises(UsageError, match=expected):
            profiles.load(str(tmp_path / "ours.toml"))


def test_the_data_reach_into_next_year() -> None:
    """The library that lists published days has those of 2027-28."""
    assert last_known() >= "2028-08-31"
