"""Starts each visit at its due time, whether or not the target copes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent.queue import SimpleQueue

from entsurge.audience.shape import PERSONAS
from entsurge.engine.alarm import Alarm
from entsurge.engine.comebacks import Comebacks
from entsurge.engine.shards import FOREVER_US
from entsurge.visit.log import VisitLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entsurge.audience.shape import Persona
    from entsurge.engine.shards import Ours
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.visit.run_context import RunContext
    from entsurge.visit.visitor import Visitor

# After so many starts in a row without a pause the visits get a turn, so that being late does not starve them.
IN_A_ROW = 16


class Parked:
    """Greenlets that wait for a visit to live, and wait again when it is over; as many as were ever needed at once.

    `ended` is called with the log of every visit that came to its end.
    """

    def __init__(self, ended: Callable[[VisitLog], None]) -> None:
        self._ended = ended
        self._waiting: Any = SimpleQueue()
        self._greenlets: list[gevent.Greenlet] = []
        self.busy = 0

    def __len__(self) -> int:
        return self.busy

    def start(self, visitor: Visitor, plan: VisitPlan) -> None:
        """Let a visit begin in the loop's next turn."""
        self.busy += 1
        if self.busy > len(self._greenlets):
            self._greenlets.append(gevent.spawn(self._serve))
        self._waiting.put((visitor, plan))

    def _serve(self) -> None:
        while True:
            visitor, plan = self._waiting.get()
            try:
                visitor.visit(plan)
                self._ended(visitor.log)
            finally:
                self.busy -= 1
                del visitor, plan

    def end(self, seconds: float) -> None:
        """Interrupt what still lives."""
        gevent.killall(self._greenlets, timeout=seconds)
        self._greenlets.clear()
        self.busy = 0


class Scheduler:
    """Sleeps to absolute due times. What it cannot start is counted lost, with the reason, never dropped silently.

    `ours` says which shards of the plan this process is to offer; without it, all of them.
    """

    def __init__(
        self,
        arrivals: Iterable[VisitPlan],
        scenarios: Mapping[Persona, type[Visitor]],
        environment: Any,
        *,
        most: int,
        ours: Ours | None = None,
    ) -> None:
        self.arrivals, self.scenarios, self.environment, self.most = arrivals, scenarios, environment, most
        self.ours, self.visits, self.comebacks = ours, Parked(self._ended), Comebacks(self._try_again)
        self.until_us = FOREVER_US
        zero = dict.fromkeys(PERSONAS, 0)
        self.offered, self.started, self.lost = Counter(zero), Counter(zero), Counter(zero)

    @property
    def run_context(self) -> RunContext:
        """What the visitors share."""
        context: RunContext = self.environment.entsurge
        return context

    def run(self) -> None:
        """Offer every visit of the plan; returns when the last one has been started."""
        zero_ns, in_a_row = int(self.run_context.zero * 1e9), 0
        with Alarm() as alarm:
            for plan in self.arrivals:
                if plan.due_us > self.run_context.now_us():
                    alarm.sleep_until(zero_ns + plan.due_us * 1000)
                    in_a_row = 0
                if plan.due_us >= self.until_us:
                    return
                if self.ours is None or self.ours.holds(plan.shard, plan.due_us):
                    self.offer(plan)
                in_a_row += 1
                if in_a_row >= IN_A_ROW:
                    gevent.sleep(0)
                    in_a_row = 0

    def end(self, at_us: int) -> None:
        """Offer nothing that is due from this instant on."""
        self.until_us = at_us

    @property
    def idle(self) -> bool:
        """Whether nobody is present and nobody will come back."""
        return not len(self.visits) and not len(self.comebacks)

    def close(self, seconds: float) -> None:
        """Interrupt what still lives; nobody comes back."""
        self.comebacks.end()
        self.visits.end(seconds)

    def offer(self, plan: VisitPlan) -> None:
        """Start one visit now, on a parked greenlet."""
        self.offered[plan.persona] += 1
        account = (plan.persona, plan.group, plan.account)
        if len(self.visits) >= self.most:
            self._lose(plan, f"more than {self.most} visitors at once (replay.max_visitors)")
        elif account in self.run_context.accounts_in_use:
            self._lose(plan, "its account was still in use by an earlier visit (population too small)")
        else:
            self.run_context.accounts_in_use.add(account)
            self.started[plan.persona] += 1
            self.visits.start(self.scenarios[plan.persona](self.environment), plan)

    def _ended(self, log: VisitLog) -> None:
        self.comebacks.consider(log, self.run_context)

    def _try_again(self, plan: VisitPlan) -> str:
        """Start a retry now: the same account, if nobody has it meanwhile. Retries are no offered visits."""
        account = (plan.persona, plan.group, plan.account)
        elsewhere = self.ours is not None and not self.ours.holds(plan.shard, plan.due_us)
        if plan.due_us >= self.until_us or elsewhere or account in self.run_context.accounts_in_use:
            return "given_up"
        if len(self.visits) >= self.most:
            self.run_context.limits[f"retry: more than {self.most} visitors at once (replay.max_visitors)"] += 1
            return "lost"
        self.run_context.accounts_in_use.add(account)
        self.visits.start(self.scenarios[plan.persona](self.environment), plan)
        return "started"

    def _lose(self, plan: VisitPlan, reason: str) -> None:
        self.lost[plan.persona] += 1
        self.run_context.limits[reason] += 1
        self.run_context.record.visit(VisitLog.of_lost(plan, self.run_context.now_us()).row(self.run_context.now_us()))
