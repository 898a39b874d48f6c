"""The bell and rushes: exact, and never more or fewer visits than the week has."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.audience.moment import Bell, Rush
from entsurge.errors import UsageError
from entsurge.plan.people import groups
from entsurge.plan.rates import MINUTES, rate

TITLE = {"fr": "x", "en": "x"}
RINGS_AT_NINE = {"title": TITLE, "source": "x", "percent": 40, "minutes": 10, "hours": [9], "days": ["monday"]}
FOLDER = content.root("profiles")


def written(tmp_path: Path, more: str, name: str = "messaging-closed-2024") -> str:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(text.replace("\n[figures]", f"\n{more}\n[figures]", 1), encoding="utf-8")
    return str(tmp_path / "ours.toml")


def test_the_bell_brings_forty_percent_in_ten_minutes() -> None:
    """In its own hour only; the hour's whole is unchanged."""
    bell = Bell.model_validate(RINGS_AT_NINE)
    assert bell.before(9, 10) == Fraction(2, 5)
    assert bell.before(9, 60) == 1
    assert bell.before(8, 10) == bell.before(9 + 24, 10) == Fraction(1, 6)
    assert bell.factor == Fraction(12, 5)


@given(st.integers(0, 10_000), st.integers(1, 720), st.integers(0, 10_000), st.fractions(0, 10**6))
def test_a_rush_ends_with_all_its_visits(begin: int, length: int, minute: int, visits: Fraction) -> None:
    """Nothing before it begins, everything after its end, never less later on; the first minute has most."""
    rush = Rush(begin, length, visits)
    assert rush.until(begin) == 0
    assert rush.until(begin + length) == rush.until(begin + length + minute) == visits
    assert rush.until(minute) <= rush.until(minute + 1)
    assert rush.until(begin + 1) >= rush.until(begin + length) - rush.until(begin + length - 1)


@pytest.mark.parametrize("name", content.names("profiles"))
def test_bell_and_events_leave_the_week_s_total_as_published(name: str) -> None:
    """Λ over the week is the published visits × the persona's share, to the last digit; hours add up to it."""
    loaded = profiles.load(name)
    for persona in ("student", "parent"):
        found = rate(loaded, persona)
        wanted = loaded.week.visits * loaded.mixes.visit_share(persona)
        assert found.until(MINUTES) == wanted
        assert sum(found.per_second) * 3600 == wanted
        assert all(found.until(minute) <= found.until(minute + 1) for minute in range(9 * 60, 9 * 60 + 120))


@pytest.mark.parametrize("arrivals", ["systematic", "poisson"])
def test_the_bell_rings_in_every_way_of_drawing(arrivals: str) -> None:
    """Of the visits that arrive from 09 to 10 h, two fifths come before 09:10, whichever way they are drawn."""
    from entsurge.plan.arrivals import Arrivals

    window = {"day": "monday", "from": "09:00", "to": "10:00"}
    changes = {"bell": "school", "arrivals": arrivals, "window": window, "scale": "1/20", "warm_up_minutes": 0}
    loaded = profiles.load("lockdown-2020", overrides=changes)
    minutes = [int(visit.due_us * 45 / 60e6) for visit in Arrivals(loaded, groups(loaded))]
    early = sum(minute < 10 for minute in minutes) / len(minutes)
    tolerance = 0.005 if arrivals == "systematic" else 4 * (0.4 * 0.6 / len(minutes)) ** 0.5
    assert abs(early - 0.4) < tolerance


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('bell = "gong"', "no 'gong'"),
        ('[[event]]\noccasion = "exam-results"\nday = "sunday"\nat = "23:59"', "beyond Sunday 24:00"),
        ('[[event]]\noccasion = "party"\nday = "sunday"', "no 'party'"),
        (9 * '[[event]]\noccasion = "exam-results"\nday = "friday"\n', "take 108 % of the week's visits of student"),
        ('[[measure]]\nname = "news-closed"\nfrom = "17:10"\nto = "18:00"', "covers only a part of the window"),
        ('[[measure]]\nname = "news-closed"\nfrom = "18:00"\nto = "17:00"', "must come after"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, more: str, expected: str) -> None:
    """Bells, events and measures that make no sense: one message that says why."""
    with pytest.raises(UsageError, match=expected):
        profiles.load(written(tmp_path, more))


def test_a_profile_s_days_are_profiles_of_their_own() -> None:
    """Day 4 of the fortnight is the Thursday, with the measure taken that day; day 11 is refused."""
    thursday = profiles.load("crisis-fortnight", overrides={"day": 4})
    assert (thursday.name, thursday.file.window.day) == ("crisis-fortnight-04", "thursday")
    assert thursday.measures == ["pupils-and-teachers-first"]
    assert "jeudi" in thursday.file.title["fr"]
    assert profiles.load("crisis-fortnight", overrides={"day": 4, "measures": False}).measures == []
    with pytest.raises(UsageError, match="has 10 days"):
        profiles.load("crisis-fortnight", overrides={"day": 11})
    with pytest.raises(UsageError, match="no days of its own"):
        profiles.load("lockdown-2020", overrides={"day": 1})


@pytest.mark.parametrize("name", content.names("profiles"))
def test_every_day_of_the_library_says_what_it_rests_on(name: str) -> None:
    """A source, and every statement marked as a fact or as reasoned; its measures exist."""
    loaded = profiles.load(name)
    assert loaded.file.source
    assert name in ("ordinary-week", "lockdown-2020") or loaded.file.basis
    known = content.names("chaos")
    named = [each.name for each in loaded.file.measure] + [m for day in loaded.file.day for m in day.measures]
    assert set(named) <= set(known)


def test_those_who_insist_are_otherwise_the_same_people() -> None:
    """Shares, pages and patience of high-schools-insistent are those of high-schools."""
    plain, insistent = (
        profiles.load(name).mixes.model_dump(exclude={"title", "source"})
        for name in ("lockdown-2020", "monday-9h02-2021")
    )
    for persona in ("student", "teacher", "parent", "staff"):
        assert insistent[persona].pop("retry")
        assert plain[persona].pop("retry") is None
    assert plain == insistent


def test_the_page_on_days_says_what_the_profiles_say() -> None:
    """docs/days.md has a section on every day, with each fact and each thing reasoned, word for word."""
    page = (FOLDER.parent / "docs" / "days.md").read_text(encoding="utf-8")
    for name in set(content.names("profiles")) - {"ordinary-week"}:
        assert f"## {name}\n" in page
        assert all(each.text in page for each in profiles.load(name).file.basis)
