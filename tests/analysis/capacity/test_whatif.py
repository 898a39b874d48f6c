"""Demand under a surge against a capacity: known hours, known factors."""

import math
from dataclasses import astuple

import pytest

from entsurge.analysis.capacity import whatif
from entsurge.audience import profile as profiles
from entsurge.errors import UsageError
from entsurge.findings.capacity import Answer, Interval
from entsurge.plan import summary
from entsurge.plan.summary import window_load

CAPACITY = Interval(0.82, 0.78, 0.87)


@pytest.fixture(scope="module")
def lockdown() -> profiles.Profile:
    """The published week."""
    return profiles.load("lockdown-2020")


def found(profile: profiles.Profile, case: str, **more: int) -> Answer:
    return next(each for each in whatif.answers(profile, CAPACITY, **more) if each.case == case)


def test_the_published_peak(lockdown: profiles.Profile) -> None:
    """Monday 9 h, 95.5 pages/s: the window is that hour, so its multiple is 1 and the capacity must grow by 1/0.82."""
    answer = found(lockdown, "as-planned")
    assert (answer.peak_hour, round(answer.peak_pages, 1)) == ("monday 09", 95.5)
    assert answer.peak == pytest.approx(1)
    assert astuple(answer.growth) == pytest.approx((1 / 0.82, 1 / 0.87, 1 / 0.78))
    assert answer.suffices is False
    assert answer.over == tuple(sum(hour > limit for hour in answer.hours) for limit in (0.87, 0.82, 0.78))


def test_a_surge_of_150_percent(lockdown: profiles.Profile) -> None:
    """+150 % on the baseline week against the published +147 %: 2.5 ÷ 2.47 of the window, to rounding."""
    assert found(lockdown, "page-views-150").peak == pytest.approx(2.5 / 2.47, abs=0.002)
    assert found(lockdown, "published-lockdown").peak == pytest.approx(1, abs=0.002)


def test_parents_in_the_evening(lockdown: profiles.Profile) -> None:
    """Nobody is lost: each day's demand is the same, the morning's is lower, the evening's higher."""
    before, after = found(lockdown, "as-planned").hours, found(lockdown, "parents-in-the-evening").hours
    for day in range(7):
        of = slice(24 * day, 24 * day + 24)
        assert math.fsum(after[of]) == pytest.approx(math.fsum(before[of]))
    assert after[9] < before[9]
    assert after[19] > before[19]


def test_schools_nodes_and_the_bell(lockdown: profiles.Profile) -> None:
    """Two schools of 308 more, a node of three fewer, 40 % of an hour in ten minutes: each its own factor."""
    assert found(lockdown, "more-schools", schools=308).peak == pytest.approx(310 / 308)
    assert found(lockdown, "one-node-fewer", nodes=3).capacity.value == pytest.approx(0.82 * 2 / 3)
    assert found(lockdown, "bell").peak == pytest.approx(2.4)


def test_what_was_not_said_is_not_asked(lockdown: profiles.Profile) -> None:
    """Without --nodes and --schools: no case of a node or of schools, which would rest on a number nobody gave."""
    cases = {each.case for each in whatif.answers(lockdown, CAPACITY)}
    assert "as-planned" in cases
    assert not {"one-node-fewer", "more-schools"} & cases


@pytest.mark.parametrize("name", ["lockdown-2020", "national-peak", "exam-results", "term-start", "report-cards"])
def test_the_need_is_the_window_that_is_loaded(name: str) -> None:
    """Bell, rushes and holidays included: a multiple of 1 is what the steps offer, and the week's peak is no lower."""
    profile = profiles.load(name, overrides={"scale": "1", "compression": "1"})
    need = float(window_load(profile)["total"]["pages_per_second"])
    assert whatif.window_pages(profile) == pytest.approx(need)
    planned = whatif.answers(profile, CAPACITY)[0]
    begin, end = profile.begin_minute // 60, (profile.end_minute - 1) // 60
    within = max(planned.hours[begin : end + 1])
    assert within >= 1 - 1e-9 or profile.end_minute - profile.begin_minute > 60
    assert planned.peak_pages == pytest.approx(planned.peak * need)


def test_a_bell_is_in_the_demand_of_every_hour_that_it_rings() -> None:
    """Half an hour from the bell on, in an hour of which the bell brings its share early: more than the hour's mean."""
    profile = profiles.load("national-peak")
    planned = whatif.answers(profile, CAPACITY)[0]
    early = profile.bell.before(8, 30) * 2
    assert early > 1.1
    mean = float(summary.hours(profile)[8].total.pages_per_second)
    assert planned.hours[8] == pytest.approx(1)
    assert planned.hours[8] * whatif.window_pages(profile) == pytest.approx(mean * float(early))


def test_surges_grow_in_proportion(lockdown: profiles.Profile) -> None:
    """×1 to ×5 page views of the same shape: demand in the same proportion, and more hours over with every step."""
    rows = whatif.surges(lockdown, CAPACITY)
    assert [each.times for each in rows] == [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    assert rows[-1].answer.peak == pytest.approx(5 * rows[0].answer.peak, rel=0.002)
    over = [each.answer.over[1] for each in rows]
    assert over == sorted(over)


def test_an_open_end_stays_open(lockdown: profiles.Profile) -> None:
    """A capacity of which only the lower end is known promises only what that end covers."""
    answers = whatif.answers(lockdown, Interval(1.2, 1.2, math.inf))
    assert answers[0].suffices is True
    assert next(each for each in answers if each.case == "bell").suffices is None


def test_one_node_cannot_be_taken_from_one(lockdown: profiles.Profile) -> None:
    """Refused, with what is expected."""
    with pytest.raises(UsageError, match="leaves nothing"):
        whatif.answers(lockdown, CAPACITY, nodes=1)
