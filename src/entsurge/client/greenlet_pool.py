"""Greenlets that wait for work, and wait again when it is done: to make one takes 13 µs, to wake one 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from gevent import GreenletExit, get_hub
from gevent.event import Event
from gevent.queue import SimpleQueue

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_IDLE = 512  # kept when a rush is over; each holds some 5 kB


class GreenletPool:
    """As many as are needed at once; of those with nothing to do at most `most_idle` are kept."""

    def __init__(self, most_idle: int = MOST_IDLE) -> None:
        self.most_idle, self.idle = most_idle, 0
        self._waiting: Any = SimpleQueue()

    def at_once(self, work: Callable[[], None], times: int) -> None:
        """Call this function so many times at once, once of them right here; returns when all have returned.

        What one of them raises is raised here in the end. Is the caller ended meanwhile, the others are too.
        """
        shared = _Shared(work, times - 1)
        for _ in range(times - 1):
            self._start(shared.help)
        try:
            work()
            shared.wait()
        except BaseException:
            shared.end()
            raise
        error, shared.error = shared.error, None  # raised while it is kept, it and this frame would hold each other
        if error is not None:
            try:
                raise error
            finally:
                del error

    def _start(self, work: Callable[[], None]) -> None:
        """Let somebody begin with it in the loop's next turn."""
        if self.idle:
            self.idle -= 1
        else:
            gevent.spawn(self._serve)
        self._waiting.put(work)

    def _serve(self) -> None:
        while True:
            work = self._waiting.get()
            work()  # what ends it ends this greenlet, which is not among the idle then
            del work
            if self.idle >= self.most_idle:
                return
            self.idle += 1


class _Shared:
    """One function that several greenlets work on."""

    __slots__ = ("_busy", "_over", "_rest", "error", "left", "work")

    def __init__(self, work: Callable[[], None], left: int) -> None:
        self.work, self.left = work, left
        self.error: Exception | None = None
        self._busy: list[Any] = []
        self._rest: Event | None = None  # whoever waits for the rest of them
        self._over = False

    def help(self) -> None:
        """Do a share of it, unless it is over already."""
        me = gevent.getcurrent()
        self._busy.append(me)
        try:
            if not self._over:
                self.work()
        except Exception as error:
            self.error = self.error or error
        finally:
            self._busy.remove(me)
            self.left -= 1
            if not self.left and self._rest is not None:
                self._rest.set()

    def wait(self) -> None:
        """Until nobody works on it any more."""
        if self.left:
            self._rest = Event()
            self._rest.wait()

    def end(self) -> None:
        """Interrupt those who work on it, and wait until they have stopped; who has not begun never will.

        Whom to interrupt is decided in the loop, in the turn that does it: who has finished by then serves somebody
        else already.
        """
        self._over = True
        get_hub().loop.run_callback(self._interrupt)
        while self._busy:
            gevent.sleep(0)
        self.error = None

    def _interrupt(self) -> None:
        for each in list(self._busy):
            if each in self._busy:
                each.throw(GreenletExit)
