"""Every visit begins at its due time or is counted lost with the reason; real greenlets, a visitor that only waits."""

import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import gevent
import pytest
from tests.engine.crew_parts import plan

from entsurge.audience.persona import SHIPPED, by_key
from entsurge.engine.scheduler import IN_A_ROW, Scheduler
from entsurge.engine.shards import Ours
from entsurge.visit.log import VisitLog
from entsurge.visit.presence import Presence, Span


class Waiter:
    """Stays for as long as its number says, and does the books of a visit."""

    stays: ClassVar[dict[int, float]] = {}
    ends: ClassVar[dict[int, str]] = {}

    def __init__(self, environment: Any) -> None:
        self.context = environment.entsurge

    def visit(self, of: Any) -> None:
        context = self.context
        self.log = VisitLog(of, of.due_us, context.now_us())
        try:
            gevent.sleep(self.stays.get(of.account, 0.0))
            self.log.end = self.ends.get(of.account, "completed")
            if self.log.end == "raises":
                raise RuntimeError("a mistake of ours")
        except gevent.GreenletExit:
            self.log.end = "interrupted"
            raise
        finally:
            context.accounts_in_use.discard((of.persona, of.group, of.account))
            context.record.visit(self.log.row(context.now_us()))


class World:
    """What visitors share, with a record that is a list of rows."""

    def __init__(self) -> None:
        self.zero, self.rows = time.monotonic(), []
        self.record = SimpleNamespace(visit=self.rows.append)
        self.presence, self.limits = Presence(Span(0, 1)), Counter()
        self.accounts_in_use: set[tuple[str, str, int]] = set()
        self.comeback: Any = None
        self.personas = by_key(SHIPPED)

    def now_us(self) -> int:
        return int((time.monotonic() - self.zero) * 1e6)

    def phase_at(self, due_us: int, phase: str) -> str:
        return phase

    def ends(self) -> dict[str, str]:
        return {row["name"].rpartition("/")[2]: row["end"] for row in self.rows}


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scheduler]:
    """Makes a scheduler over these plans; `stays` and `ends` by account."""

    def made(plans, *, most=100, ours=None, stays=None, ends=None) -> Scheduler:
        monkeypatch.setattr(Waiter, "stays", stays or {})
        monkeypatch.setattr(Waiter, "ends", ends or {})
        return Scheduler(plans, {"student": Waiter}, SimpleNamespace(entsurge=World()), most=most, ours=ours)

    return made


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait in the loop until it is so."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        gevent.sleep(0.002)


def test_no_visit_begins_before_it_is_due_and_all_begin(make) -> None:
    """Due times 20 ms apart are kept from below, and in their order."""
    scheduler = make([plan(number, due_us=number * 20_000) for number in range(5)])
    scheduler.run()
    until(lambda: scheduler.idle)
    rows = scheduler.run_context.rows
    assert [row["name"][-1] for row in rows] == list("01234")
    assert all(row["start_us"] >= row["due_us"] for row in rows)
    assert scheduler.started["student"] == scheduler.offered["student"] == 5


def test_being_late_does_not_starve_the_visits(make) -> None:
    """Everything is overdue: after so many starts in a row those that have begun get their turn."""
    scheduler = make([plan(number, due_us=-1) for number in range(4 * IN_A_ROW)])
    scheduler.run()
    assert len(scheduler.run_context.rows) >= 2 * IN_A_ROW
    until(lambda: scheduler.idle)
    assert len(scheduler.visits._greenlets) <= 2 * IN_A_ROW


def test_more_than_the_most_at_once_are_lost_with_the_reason(make) -> None:
    """The third while two are present: a row, a count and a reason, and room again when they have gone."""
    scheduler = make([], most=2, stays={0: 0.05, 1: 0.05})
    for number in range(3):
        scheduler.offer(plan(number))
    assert scheduler.lost["student"] == 1
    assert scheduler.run_context.limits == {"more than 2 visitors at once (replay.max_visitors)": 1}
    until(lambda: scheduler.idle)
    scheduler.offer(plan(3))
    until(lambda: scheduler.idle)
    assert scheduler.run_context.ends() == {"2": "not-started", "0": "completed", "1": "completed", "3": "completed"}


def test_an_account_in_use_is_lost_and_free_afterwards(make) -> None:
    """Two visits of one person at once: the second is lost; after the first has ended a third is let in."""
    scheduler = make([], stays={7: 0.05})
    scheduler.offer(plan(0, account=7))
    scheduler.offer(plan(1, account=7))
    until(lambda: scheduler.idle)
    scheduler.offer(plan(2, account=7))
    until(lambda: scheduler.idle)
    assert scheduler.run_context.ends() == {"1": "not-started", "0": "completed", "2": "completed"}
    assert "population too small" in next(iter(scheduler.run_context.limits))


def test_only_the_shards_that_are_ours_are_offered(make) -> None:
    """A worker leaves the visits of other shards to others, and counts them nowhere."""
    plans = [plan(number) for number in range(40)]
    mine = {each.shard for each in plans[::2]}
    ours = Ours()
    ours.gain(mine, 0)
    scheduler = make(plans, ours=ours)
    scheduler.run()
    until(lambda: scheduler.idle)
    assert scheduler.offered["student"] == sum(each.shard in mine for each in plans)


def test_the_end_is_kept_and_known(make) -> None:
    """Nothing due from the end on is offered; `through` once that is certain and nobody is left."""
    scheduler = make([plan(number, due_us=number * 60_000) for number in range(10)], stays={0: 0.15})
    running = gevent.spawn(scheduler.run)
    scheduler.end(100_000)
    until(lambda: len(scheduler.run_context.rows) == 1)
    assert not scheduler.through
    until(lambda: scheduler.through)
    running.join(10)
    assert running.successful()
    assert sorted(scheduler.run_context.ends()) == ["0", "1"]


def test_closing_interrupts_and_every_started_visit_has_a_row(make) -> None:
    """Also the one that was started in the very same turn; accounts are free, nobody is present."""
    scheduler = make([], stays={0: 60, 1: 60})
    scheduler.offer(plan(0))
    gevent.sleep(0.01)
    scheduler.offer(plan(1))
    scheduler.close(5)
    assert scheduler.run_context.ends() == {"0": "interrupted", "1": "interrupted"}
    assert scheduler.idle
    assert scheduler.run_context.accounts_in_use == set()


def test_a_visit_that_raises_is_named_and_its_greenlet_serves_on(make, capsys) -> None:
    """A mistake of ours costs its own visit alone."""
    scheduler = make([], ends={0: "raises"})
    for number in range(3):
        scheduler.offer(plan(number))
        until(lambda: scheduler.idle)
    assert scheduler.run_context.limits == {"a visit broke off: RuntimeError": 1}
    assert [row["end"] for row in scheduler.run_context.rows] == ["raises", "completed", "completed"]
    assert "broke off" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("case", "found"),
    [("free", "started"), ("in use", "given_up"), ("over", "given_up"), ("elsewhere", "given_up"), ("full", "lost")],
)
def test_a_retry_is_started_given_up_or_lost(make, case: str, found: str) -> None:
    """As its person is free, back already, or another worker's by now; as the run goes on; as there is room."""
    ours = Ours()
    ours.gain(range(256), 0)
    scheduler = make([], ours=ours, most=0 if case == "full" else 10)
    again = plan(5, due_us=1000)
    if case == "in use":
        scheduler.accounts.take(("student", "g", 5), leaving=False)
    elif case == "over":
        scheduler.end(1000)
    elif case == "elsewhere":
        ours.release([again.shard], 500)
    assert scheduler._try_again(again) == found
    assert scheduler.offered["student"] == 0
    until(lambda: not len(scheduler.visits))


def test_whoever_failed_comes_back_once(make) -> None:
    """A failed visit with a habit of trying again: a second attempt after the delay, counted as due and started."""
    scheduler = make([], ends={0: "failed"})
    scheduler.run_context.comeback = SimpleNamespace(delay_us=lambda of: None if of.attempt else 10_000)
    scheduler.offer(plan(0))
    until(lambda: len(scheduler.run_context.rows) == 2 and scheduler.idle)
    counts = {name: of["student"] for name, of in scheduler.comebacks.counts.items()}
    assert counts == {"due": 1, "started": 1, "given_up": 0, "lost": 0}
    assert [row["attempt"] for row in scheduler.run_context.rows] == [0, 1]
    scheduler.close(1)


def test_a_visit_of_a_shard_that_is_leaving_names_its_account(make) -> None:
    """Between promise and move: taken is told when it begins, freed when it ends, even by interruption."""
    ours, said = Ours(), []
    ours.gain(range(256), 0)
    scheduler = make([], ours=ours, stays={0: 60})
    scheduler.accounts.tell = lambda taken, freed: said.append((taken, freed))
    scheduler.offer(plan(1))
    until(lambda: scheduler.idle)
    ours.release(range(256), 10**9)
    scheduler.offer(plan(0))
    gevent.sleep(0.01)
    scheduler.close(5)
    assert said == [([("student", "g", 0)], []), ([], [("student", "g", 0)])]
