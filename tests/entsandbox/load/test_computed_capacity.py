"""The capacity is what is computed: known answers, and a process that keeps to them."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsandbox import Settings, capacity
from entsandbox.load.computed_capacity import places
from entsandbox.measures import Measures
from entsurge.errors import UsageError
from entsurge.population import Population

PEOPLE = Population(1)
MIX = {"student": {"home": 50, "homework": 50}, "parent": {"home": 50, "messages": 50}}
SHARES = {"student": 3, "parent": 1}


def test_workers_limit():
    """Twelve workers and visits of 1 + 5 pages of 0.25 s: 8 visits, 40 pages a second."""
    found = capacity(Settings(), MIX, SHARES, 5)
    assert found.visits_per_second == pytest.approx(8)
    assert found.pages_per_second == pytest.approx(40)
    assert (found.admitted_share, found.limiting) == (1, "workers")


def test_pool_limits():
    """One connection and 5 pages, half of them 0.15 s on it: 1 / 0.375 visits a second."""
    found = capacity(Settings(pool=1), MIX, SHARES, 5)
    assert found.visits_per_second == pytest.approx(1 / 0.375)
    assert found.limiting == "pool"


def test_capacity_factor():
    """Twice the capacity factor takes twice the visits."""
    one, two = (capacity(Settings(capacity_factor=factor), MIX, SHARES, 5) for factor in (1, 2))
    assert two.visits_per_second == pytest.approx(2 * one.visits_per_second)


@pytest.mark.parametrize(
    ("measure", "admitted", "visits", "pages_per_visit"),
    [
        ("pupils-and-teachers-first", 0.75, 8 / 0.75, 3.75),
        ("parents-time-slots", 0.75, 8 / 0.75, 3.75),
        ("static-home", 1, 12 / (3.5 * 0.25), 5),
        ("messaging-off", 1, 12 / (6 * 0.25 - 0.25 * 2.5 * 0.25), 5 - 0.25 * 2.5),
        ("short-sessions", 1, 8, 5),
        ("news-closed", 1, 8, 5),
        ("persona-time-slots", 0.75, 8 / 0.75, 3.75),
        ("video-off", 1, 8, 5),
        ("priority-services", 1, 8, 5),
        ("messaging-read-only", 1, 8, 5),
        ("updates-suspended", 1, 8, 5),
        ("attachments-capped", 1, 8, 5),
        ("news-static", 1, 8, 5),
    ],
)
def test_measures(measure, admitted, visits, pages_per_visit):
    """A measure buys the worker time of whom it turns away and of what it closes."""
    found = capacity(Settings(), MIX, SHARES, 5, frozenset({measure}))
    assert found.admitted_share == pytest.approx(admitted)
    assert found.visits_per_second == pytest.approx(visits)
    assert found.pages_per_second == pytest.approx(visits * pages_per_visit)


def test_nothing_limits():
    """A sandbox without limits, or whose pages take no time, has no ceiling of its own."""
    for settings in (Settings(unlimited=True), Settings(default_seconds=0)):
        found = capacity(settings, MIX, SHARES, 5)
        assert (found.visits_per_second, found.limiting) == (math.inf, "nothing")


def test_places_limit():
    """A hundred places and a life of 40 × 4/5 + 60 / 2 seconds: 100 / 62 visits a second (Little)."""
    settings = Settings(session_limit=100, idle_seconds=60, compression=2)
    found = capacity(settings, MIX, SHARES, 5, visit_seconds=40)
    assert found.visits_per_second == pytest.approx(100 / 62)
    assert found.limiting == "sessions"
    assert found.bounds["workers"] == pytest.approx(8)
    shorter = capacity(
        Settings(session_limit=100, idle_seconds=3600, compression=2), MIX, SHARES, 5,
        frozenset({"short-sessions"}), visit_seconds=40,
    )  # fmt: skip
    assert shorter.bounds["sessions"] == pytest.approx(100 / (32 + 600))


def test_reserved_places_limit():
    """Half the places are pupils' and three tenths teachers', so parents run out when 20 are theirs.

    With one parent to three pupils: r/4 × 62 parents fill 20 of 100 places at r = 80/62, when pupils hold 60, ten of
    them beyond their 50; so they share: r × 62 / 4 + max(0, 3 r × 62 / 4 − 50) = 20, r = 70/62.
    """
    settings = Settings(session_limit=100, idle_seconds=60, compression=2)
    found = capacity(settings, MIX, SHARES, 5, frozenset({"reserved-places"}), visit_seconds=40)
    assert found.visits_per_second == pytest.approx(70 / 62)


def test_allowances_limit():
    """1,440 pupils of 30 pages a minute, who make three quarters of the visits at six pages: 160 visits a second."""
    found = capacity(Settings(pages_per_minute=30, workers=10_000, pool=10_000), MIX, SHARES, 5)
    assert PEOPLE.count("student") == 1_440
    assert found.bounds["allowance"] == pytest.approx(1_440 * 0.5 / (0.75 * 6))
    assert found.limiting == "allowance"


def test_processes_and_slow_services():
    """Twice the processes, twice the workers and connections; a slow service is named with its share."""
    settings = Settings(processes=2, database="postgresql://x", service_seconds={"homework": 1.0})
    found = capacity(settings, MIX, SHARES, 5)
    student, parent = 0.25 + 5 * (0.5 * 0.25 + 0.5 * 1.0), 0.25 + 5 * 0.25
    assert found.visits_per_second == pytest.approx(24 / (0.75 * student + 0.25 * parent))
    assert found.heaviest == "homework"
    assert found.heaviest_share == pytest.approx(0.75 * 2.5 / (0.75 * student + 0.25 * parent))


@pytest.mark.parametrize(("hour", "admitted"), [(8, 0.25), (10, 0.75), (18, 0.25)])
def test_time_slots_count_at_their_hour(hour, admitted):
    """Pupils come in between 8:30 and 17:00, parents outside."""
    found = capacity(Settings(), MIX, SHARES, 5, frozenset({"persona-time-slots"}), hour=hour)
    assert found.admitted_share == pytest.approx(admitted)


@given(
    limit=st.integers(1, 10_000),
    shares=st.dictionaries(st.sampled_from(["student", "teacher", "parent"]), st.floats(0, 0.33)),
    visits=st.dictionaries(st.sampled_from(["student", "teacher", "parent", "staff"]), st.floats(0.01, 1), min_size=1),
)
def test_places_run_out_where_admission_says_so(limit, shares, visits):
    """Just under the computed rate everybody finds a place, just over it somebody does not."""
    ordered = Measures(Settings(session_limit=limit, idle_seconds=60))
    ordered.put("reserved-places", shares=shares)
    rate = places(Settings(session_limit=limit, idle_seconds=60), ordered, visits, 5, 40.0)

    def beyond(at):
        held = {name: at * share * (32 + 60) for name, share in visits.items()}
        return (
            sum(max(0, held[name] - shares.get(name, 0) * limit) for name in held) - (1 - sum(shares.values())) * limit
        )

    assert beyond(rate * 0.999) < 1e-6 * limit
    assert beyond(rate * 1.001) > -1e-6 * limit


def test_settings_travel_as_json():
    """Settings come back from JSON as they were; what is unknown or impossible is refused by name."""
    settings = Settings(workers=3, service_seconds={"homework": 0.5}, simulated_hour=10)
    assert Settings.from_json(settings.to_json()) == settings
    for text in ('{"worker": 3}', "[]", "{", '{"workers": "3"}'):
        with pytest.raises(UsageError):
            Settings.from_json(text)
    with pytest.raises(UsageError, match=r"workers is 0.*compression is 0.*no service 'devoirs'.*24"):
        Settings(workers=0, compression=0, service_seconds={"devoirs": 1}, simulated_hour=24)


def in_parallel(sandbox, pages, path):
    """Open so many pages at once; their answers, and the seconds they took together."""
    person = PEOPLE.person("student", 0)
    with sandbox.client() as client, ThreadPoolExecutor(pages) as pool:
        sandbox.sign_on(client, person)
        began = time.monotonic()
        answers = list(pool.map(lambda _: client.get(f"/etab/{person.uai}/{path}"), range(pages)))
        return answers, time.monotonic() - began


def test_workers_saturate(start):
    """Two workers make no more than twenty pages of 0.1 s in a second."""
    slow = start("--workers", "2", "--service-seconds", "0.1", "--service", "sign-on=0")
    answers, seconds = in_parallel(slow, 20, "accueil")
    assert {answer.status_code for answer in answers} == {200}
    assert 1.0 <= seconds < 5


def test_the_pool_saturates(start):
    """With one connection, eight workers make no more than ten pages of 0.1 s on it in a second."""
    slow = start("--workers", "8", "--pool", "1", "--service", "homework=0.166666667")
    _, seconds = in_parallel(slow, 10, "travail")
    assert 1.0 <= seconds < 5


def test_a_full_queue_refuses(start):
    """What exceeds workers and queue is refused at once with 503, and its connection closed."""
    slow = start("--workers", "1", "--queue-limit", "2", "--service", "home=0.5")
    answers, _ = in_parallel(slow, 8, "accueil")
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == 5
    assert all("Service indisponible" in answer.text for answer in refused)
    assert all(answer.headers["connection"] == "close" for answer in refused)
