"""Visitors who failed and will try again: waits until their time has come, then has them started."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from entsurge.plan import comeback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.plan.arrivals import VisitPlan
    from entsurge.visit.log import VisitLog
    from entsurge.visit.run_context import RunContext

FAILED_ENDS = frozenset({"shed", "failed", "sign-on"})
COUNTS = ("due", "started", "given_up", "lost")


class Comebacks:
    """Retries of one process. due = started + given up + lost, once nobody is pending.

    `start` begins an attempt now and says what became of it: `started`; `given_up` (the person has come for another
    visit, the account is another worker's now, the run is over); `lost` (the generator's own limit).
    """

    def __init__(self, start: Callable[[VisitPlan], str], personas: Iterable[str]) -> None:
        personas = list(personas)
        self.start = start
        self.counts = {name: Counter(dict.fromkeys(personas, 0)) for name in COUNTS}
        self._pending: list[tuple[int, str, VisitPlan]] = []
        self._changed = Event()
        self._waiting: gevent.Greenlet | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def consider(self, log: VisitLog, context: RunContext) -> None:
        """A visit has ended: if its visitor did not get what they came for and is of those who insist, they return."""
        if context.comeback is None or log.end not in FAILED_ENDS or log.sign_on == "lost":
            return
        delay_us = context.comeback.delay_us(log.plan)
        if delay_us is None:
            return
        due_us = context.now_us() + delay_us
        pages, phase = log.owed(), context.phase_at(due_us, log.plan.phase)
        plan = comeback.again(log.plan, pages, due_us=due_us, phase=phase)
        self.counts["due"][plan.persona] += 1
        heapq.heappush(self._pending, (due_us, plan.name, plan))
        if self._waiting is None:
            self._waiting = gevent.spawn(self._run, context)
        self._changed.set()

    def _run(self, context: RunContext) -> None:
        while True:
            self._changed.clear()
            while self._pending and self._pending[0][0] <= context.now_us():
                plan = heapq.heappop(self._pending)[2]
                self.counts[self.start(plan)][plan.persona] += 1
            next_us = self._pending[0][0] - context.now_us() if self._pending else None
            self._changed.wait(None if next_us is None else max(0.0, next_us / 1e6))

    def end(self) -> None:
        """Nobody comes back any more."""
        if self._waiting is not None:
            self._waiting.kill()
        for _, _, plan in self._pending:
            self.counts["given_up"][plan.persona] += 1
        self._pending.clear()
