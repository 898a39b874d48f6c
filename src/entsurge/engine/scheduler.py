"""Starts each visit at its due time, whether or not the target copes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent.queue import SimpleQueue

from entsurge.audience.shape import PERSONAS
from entsurge.engine.alarm import Alarm
from entsurge.engine.shards import FOREVER_US
from entsurge.visit.log import VisitLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.shape import Persona
    from entsurge.engine.shards import Ours
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.visit.stage import Stage
    from entsurge.visit.visitor import Visitor

# After so many starts in a row without a pause the visits get a turn, so that being late does not starve them.
IN_A_ROW = 16


class Parked:
    """Greenlets that wait for a visit to live, and wait again when it is over; as many as were ever needed at once."""

    def __init__(self) -> None:
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
        self.ours, self.visits = ours, Parked()
        self.until_us = FOREVER_US
        zero = dict.fromkeys(PERSONAS, 0)
        self.offered, self.started, self.lost = Counter(zero), Counter(zero), Counter(zero)

    @property
    def stage(self) -> Stage:
        """What the visitors share."""
        stage: Stage = self.environment.entsurge
        return stage

    def run(self) -> None:
        """Offer every visit of the plan; returns when the last one has been started."""
        zero_ns, in_a_row = int(self.stage.zero * 1e9), 0
        with Alarm() as alarm:
            for plan in self.arrivals:
                if plan.due_us > self.stage.now_us():
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

    def offer(self, plan: VisitPlan) -> None:
        """Start one visit now, on a parked greenlet."""
        self.offered[plan.persona] += 1
        account = (plan.persona, plan.group, plan.account)
        if len(self.visits) >= self.most:
            self._lose(plan, f"more than {self.most} visitors at once (replay.max_visitors)")
        elif account in self.stage.accounts_in_use:
            self._lose(plan, "its account was still in use by an earlier visit (population too small)")
        else:
            self.stage.accounts_in_use.add(account)
            self.started[plan.persona] += 1
            self.visits.start(self.scenarios[plan.persona](self.environment), plan)

    def _lose(self, plan: VisitPlan, reason: str) -> None:
        self.lost[plan.persona] += 1
        self.stage.limits[reason] += 1
        self.stage.record.visit(VisitLog.of_lost(plan, self.stage.now_us()).row(self.stage.now_us()))
