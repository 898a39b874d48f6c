"""Greenlets that are kept: all of the work is done, nobody is left behind, few are kept."""

import gc
import weakref

import gevent
import pytest
from gevent.event import Event

from entsurge.client.greenlet_pool import GreenletPool


def test_all_work_on_it_and_all_have_returned() -> None:
    """A list that six work off, each waiting for its turn: nothing is left and nobody works on."""
    pool, left, done, inside = GreenletPool(), list(range(100)), [], [0, 0]

    def work() -> None:
        inside[0] += 1
        inside[1] = max(inside)
        while left:
            done.append(left.pop())
            gevent.sleep(0)
        inside[0] -= 1

    pool.at_once(work, 6)
    assert sorted(done) == list(range(100))
    assert inside == [0, 6]


def test_greenlets_are_used_again() -> None:
    """A hundred rounds of six take no more than the five that the first one made."""
    pool, who = GreenletPool(), set()

    def work() -> None:
        who.add(gevent.getcurrent())
        gevent.sleep(0)

    for _ in range(100):
        pool.at_once(work, 6)
    gevent.sleep(0)
    assert len(who) == 6
    assert pool.idle == 5


def test_after_a_rush_few_are_kept() -> None:
    """Of forty at most so many as were agreed on."""
    pool, who, all_there = GreenletPool(most_idle=3), set(), Event()

    def work() -> None:
        who.add(gevent.getcurrent())
        if len(who) == 41:
            all_there.set()
        assert all_there.wait(60)

    pool.at_once(work, 41)
    gevent.sleep(0)
    assert len(who) == 41
    assert pool.idle == 3
    assert sum(not each.dead for each in who) == 3 + 1  # and the test's own


@pytest.mark.parametrize("here", [True, False])
def test_what_one_raises_is_raised_where_all_are_waited_for(here: bool) -> None:
    """A mistake is no silence, whoever makes it; who has not begun by then never does; others go on serving."""
    pool, me, calls = GreenletPool(), gevent.getcurrent(), []

    def work() -> None:
        calls.append(1)
        if (gevent.getcurrent() is me) is here:
            raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        pool.at_once(work, 3)
    done = []
    pool.at_once(lambda: done.append(1), 3)
    gevent.sleep(0)
    assert len(done) == 3
    assert len(calls) == (1 if here else 3)


def test_whoever_is_ended_ends_those_who_help() -> None:
    """A visitor who is killed leaves nobody behind who asks in its name; who had not begun never does."""
    pool, begun, ended, never = GreenletPool(), [], [], Event()

    def work() -> None:
        begun.append(gevent.getcurrent())
        try:
            never.wait()
        finally:
            ended.append(gevent.getcurrent())

    visitor = gevent.spawn(pool.at_once, work, 6)
    with gevent.Timeout(10):
        while len(begun) < 6:
            gevent.sleep(0)
        visitor.kill()
    assert set(ended) == set(begun)
    assert visitor.dead


def test_who_has_finished_is_not_interrupted_in_another_job() -> None:
    """The end of one job while its helpers finish and begin another: that one is done, and nobody is missing after."""
    pool, go, done = GreenletPool(), Event(), []

    def wait() -> None:
        go.wait()

    def work() -> None:
        gevent.sleep(0)
        done.append(1)

    with gevent.Timeout(10):
        for _ in range(50):
            go.clear()
            visitor = gevent.spawn(pool.at_once, wait, 6)
            gevent.sleep(0)
            gevent.sleep(0)
            go.set()  # the helpers finish in the very turn in which their visitor is killed
            visitor.kill(block=False)
            pool.at_once(work, 6)
            visitor.join()
        gevent.sleep(0)
        done.clear()
        pool.at_once(work, 10)
    assert len(done) == 10


def test_an_error_that_was_raised_holds_nobody() -> None:
    """Nothing of the job is left in a circle when its error has been dealt with."""
    pool = GreenletPool()

    class Visitor:
        def work(self) -> None:
            gevent.sleep(0)
            raise LookupError("broken")

    visitor = Visitor()
    left = weakref.ref(visitor)
    gc.collect()
    gc.disable()
    try:
        raised = False
        try:
            pool.at_once(visitor.work, 3)
        except LookupError:
            raised = True
        assert raised
        gevent.sleep(0)
        del visitor
        assert left() is None
    finally:
        gc.enable()
