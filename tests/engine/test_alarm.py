"""Sleeping until an instant: never before it, at once when it is past, again after somebody broke the sleep off."""

from collections.abc import Iterator
from time import monotonic_ns

import gevent
import pytest

from entsurge.engine.alarm import Alarm

MOMENT_NS = 20_000_000


@pytest.fixture(params=["the kernel's timer", "the loop's timers", "a timer that is refused"])
def alarm(request: pytest.FixtureRequest) -> Iterator[Alarm]:
    """An alarm as it is, one where the system has no such timer, and one whose timer cannot be set."""
    with Alarm() as made:
        watcher = made._watcher
        if request.param == "the loop's timers":
            made._watcher = None
        elif request.param == "a timer that is refused":
            made._number, number = -1, made._number
        yield made
        made._watcher = watcher
        if request.param == "a timer that is refused":
            made._number = number


def test_it_wakes_at_the_instant_and_not_before(alarm: Alarm) -> None:
    """Three times in a row; whatever else the machine does, never early."""
    for _ in range(3):
        due = monotonic_ns() + MOMENT_NS
        alarm.sleep_until(due)
        assert monotonic_ns() >= due


def test_what_is_past_does_not_wait(alarm: Alarm) -> None:
    """Nobody else gets a turn meanwhile."""
    turns = []
    gevent.spawn(turns.append, 1)
    alarm.sleep_until(monotonic_ns() - 1)
    assert turns == []


def test_a_sleep_that_was_broken_off_spoils_no_other(alarm: Alarm) -> None:
    """A sleeper is killed before its time; the next one wakes at its own."""
    sleeper = gevent.spawn(alarm.sleep_until, monotonic_ns() + 3_600_000_000_000)
    gevent.sleep(0)
    sleeper.kill()
    due = monotonic_ns() + MOMENT_NS
    alarm.sleep_until(due)
    assert monotonic_ns() >= due
