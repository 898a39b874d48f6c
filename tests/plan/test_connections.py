"""How many connections visitors hold and open: known answers, and what holds for any load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.audience import profile as profiles
from entsurge.client import pool
from entsurge.plan import connections as reckoned
from entsurge.plan.connections import Demand, at_full_scale, of_run
from entsurge.plan.summary import Load, Moment, busiest, window_load

LOCKDOWN = profiles.load("lockdown-2020")


def demand(visits_per_second: float, *, pages: float, seconds: float, persona: str = "parent") -> Demand:
    """Visits of so many pages and seconds; parents open neither chat nor video class."""
    load = Load(
        visits_per_second, visits_per_second * pages, visits_per_second * pages * 15, visits_per_second * seconds
    )
    return Demand(LOCKDOWN, Moment(540, 10, {persona: load}, load))


def test_the_clients_own_limits_are_reckoned_with() -> None:
    """Six connections and five idle seconds are the client's, which a plan cannot import: they stay the same."""
    assert pool.MOST_CONNECTIONS == reckoned.MOST_A_VISITOR
    assert reckoned.IDLE_SECONDS == pool.IDLE_NS / 1e9


def test_http1_opens_five_more_for_each_page_that_is_read_longer_than_they_idle() -> None:
    """10 visits/s of 8 pages in 600 s: 6,000 at once, 5 more for 400 who opened a page within 5 s; 10 + 5 × 80 /s."""
    found = demand(10, pages=8, seconds=600).connections(multiplexed=False)
    assert found.at_once == pytest.approx(6000 + 5 * 400)
    assert found.opened_per_second == pytest.approx(10 + 5 * 80)
    assert found.ports == 8000 + 410 * 60
    assert [found.descriptors(processes) for processes in (1, 2)] == [8200, 4200]


def test_pages_that_follow_each_other_at_once_use_the_same_connections() -> None:
    """Gaps of 3 s, as compression makes them: six for each of 240 visitors, opened once a visit."""
    found = demand(10, pages=8, seconds=24).connections(multiplexed=False)
    assert found.at_once == pytest.approx(240 * 6)
    assert found.opened_per_second == pytest.approx(10 + 5 * 10)


def test_http2_has_one_connection_a_visit() -> None:
    """Whatever the gaps: as many connections as visitors, opened as visits begin."""
    found = demand(10, pages=8, seconds=600).connections(multiplexed=True)
    assert (found.at_once, found.opened_per_second, found.ports) == (6000, 10, 6600)


def test_a_page_of_chat_or_video_class_holds_a_socket_more() -> None:
    """Of the pupils' pages of high schools a share is live: so many visitors more at once, so many more opened."""
    pages = LOCKDOWN.mixes.mix("student").pages
    live = float(
        sum(pages[name].value for name in ("chat", "video-class")) / sum(each.value for each in pages.values())
    )
    found = demand(10, pages=8, seconds=600, persona="student").connections(multiplexed=True)
    assert live > 0
    assert found.at_once == pytest.approx(6000 * (1 + live))
    assert found.opened_per_second == pytest.approx(10 + 80 * live)


def test_nobody_needs_nothing() -> None:
    """A window without a visit needs no connection, and ends in no division by zero."""
    assert demand(0, pages=8, seconds=600).connections(multiplexed=False).ports == 0


@given(
    st.floats(0.01, 500), st.floats(1, 5), st.floats(1, 40), st.floats(1, 3000),
    st.sampled_from(["parent", "student"]), st.booleans(),
)  # fmt: skip
def test_more_visits_never_need_less_and_http2_never_more(
    visits: float, times: float, pages: float, seconds: float, persona: str, multiplexed: bool
) -> None:
    """At the same pages and minutes a visit; HTTP/2 holds and opens at most what HTTP/1.1 does."""
    few = demand(visits, pages=pages, seconds=seconds, persona=persona)
    many = demand(visits * times, pages=pages, seconds=seconds, persona=persona).connections(multiplexed=multiplexed)
    one, six = few.connections(multiplexed=True), few.connections(multiplexed=False)
    need = one if multiplexed else six
    slack = 1 + 1e-9
    assert need.at_once <= many.at_once * slack
    assert need.opened_per_second <= many.opened_per_second * slack
    assert one.at_once <= six.at_once * slack
    assert one.opened_per_second <= six.opened_per_second * slack


def test_a_run_is_reckoned_at_its_busiest_in_run_time() -> None:
    """In real time the ten minutes of the bell, not the half hour's mean; that where compression makes it a minute."""
    real = profiles.load("national-peak", overrides={"scale": "1", "compression": "1"})
    found, week = of_run(real), busiest(real)
    assert found.moment.when == {name: week[name] for name in ("day", "from", "minutes")}
    assert found.moment.total.visits_per_second == pytest.approx(week["visits_per_second"])
    assert found.moment.total.visits_per_second > 1.5 * window_load(real)["total"]["visits_per_second"]
    fast = profiles.load("national-peak")
    assert of_run(fast).moment.minutes == 30
    cold = profiles.load("national-peak", overrides={"warm_up_minutes": 0})
    assert of_run(cold).moment.total.concurrency == pytest.approx(window_load(fast)["total"]["concurrency"])


def test_the_warm_up_needs_room_too() -> None:
    """A rush that lies in the warm-up: room is made sure of for it, though the window is calm."""
    window = {"day": "monday", "from": "09:15", "to": "09:40"}
    given = {"scale": "1", "compression": "1", "window": window}
    after = of_run(profiles.load("monday-9h02-2021", overrides={**given, "warm_up_minutes": 0}))
    with_it = of_run(profiles.load("monday-9h02-2021", overrides={**given, "warm_up_minutes": 20}))
    assert with_it.moment.total.visits_per_second > 1.3 * after.moment.total.visits_per_second


def test_a_steady_rate_is_its_windows_mean() -> None:
    """What is held is no busier in one minute than in another."""
    steady = profiles.load("national-peak", overrides={"compression": "1", "steady_minutes": 90})
    assert of_run(steady).moment.total.visits_per_second == pytest.approx(
        window_load(steady)["total"]["visits_per_second"]
    )


def test_ports_are_kept_for_a_minute_or_all_of_a_shorter_run() -> None:
    """45 minutes and warm-up at compression 45 are a minute; at 90 half of it; full scale is real time."""
    fast = profiles.load("national-peak", overrides={"compression": "90"})
    assert [of_run(profiles.load("national-peak")).waiting_seconds, of_run(fast).waiting_seconds] == [60, 30]
    assert at_full_scale(fast).waiting_seconds == 60


def test_full_scale_is_the_weeks_busiest_or_that_of_one_day() -> None:
    """Of the whole week as `entsurge plan` prints it; of a Sunday less, and on that day."""
    week, sunday = at_full_scale(LOCKDOWN).moment, at_full_scale(LOCKDOWN, day="sunday").moment
    assert week.total.visits_per_second == pytest.approx(11.81, abs=0.005)
    assert sunday.when["day"] == "sunday"
    assert sunday.total.visits_per_second < week.total.visits_per_second
