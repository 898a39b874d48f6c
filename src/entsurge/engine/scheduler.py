"""Starts each visit at its due time, whether or not the target copes."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent.queue import SimpleQueue

from entsurge.engine.accounts import Accounts
from entsurge.engine.alarm import Alarm
from entsurge.engine.comebacks import Comebacks
from entsurge.engine.shards import FOREVER_US
from entsurge.terminal import here
from entsurge.visit.log import VisitLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entsurge.engine.messages import Account
    from entsurge.engine.shards import Ours
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.visit.presence import Span
    from entsurge.visit.run_context import RunContext
    from entsurge.visit.visitor import Visitor

# After so many starts in a row without a pause the visits get a turn, so that being late does not starve them.
IN_A_ROW = 16


class Parked:
    """Greenlets that wait for a visit to live, and wait again when it is over; as many as were ever needed at once.

    `ended` is called with the log of every visit that came to its end, `left` with the plan of every one, even of those
    that were interrupted; `broke` with that of a visit that raised, which is a mistake of ours.
    """

    def __init__(
        self,
        ended: Callable[[VisitLog], None],
        left: Callable[[VisitPlan], None],
        broke: Callable[[VisitPlan, Exception], None],
    ) -> None:
        self._ended, self._left, self._broke = ended, left, broke
        self._waiting: Any = SimpleQueue()
        self._greenlets: list[gevent.Greenlet] = []
        self._living: set[Visitor] = set()
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
            self._living.add(visitor)
            try:
                visitor.visit(plan)
                self._ended(visitor.log)
            except Exception as error:
                self._broke(plan, error)
            finally:
                self._living.discard(visitor)
                self.busy -= 1
                self._left(plan)
                del visitor, plan

    def open_us(self, window: Span, now_us: int) -> int:
        """How much of the visits that have not ended lies in a window so far, by their own starts."""
        return sum(window.holds_us(visitor.log.start_us, now_us) for visitor in self._living)

    def end(self, seconds: float) -> None:
        """Interrupt what still lives. What was to begin in this turn begins first, so that it has a row as well."""
        gevent.sleep(0)
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
        scenarios: Mapping[str, type[Visitor]],
        environment: Any,
        *,
        most: int,
        ours: Ours | None = None,
    ) -> None:
        self.arrivals, self.scenarios, self.environment, self.most = arrivals, scenarios, environment, most
        self.ours, self.visits = ours, Parked(self._ended, self._left, self._broke)
        self.comebacks = Comebacks(self._try_again, scenarios)
        self.accounts = Accounts(self.run_context.accounts_in_use)
        self.until_us, self.next_us = FOREVER_US, 0  # every visit that is due before `next_us` has been offered
        zero = dict.fromkeys(scenarios, 0)
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
                self.next_us = plan.due_us
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
        self.next_us = FOREVER_US

    def end(self, at_us: int) -> None:
        """Offer nothing that is due from this instant on."""
        self.until_us = at_us

    @property
    def idle(self) -> bool:
        """Whether nobody is present and nobody will come back."""
        return not len(self.visits) and not len(self.comebacks)

    @property
    def through(self) -> bool:
        """Whether what was to be offered before the end that was given has been, and nobody is present any more."""
        offered = self.next_us >= self.until_us and self.run_context.now_us() >= self.until_us
        return offered and not len(self.visits)

    def close(self, seconds: float) -> None:
        """Interrupt what still lives; nobody comes back."""
        self.comebacks.end()
        self.visits.end(seconds)

    def offer(self, plan: VisitPlan) -> None:
        """Start one visit now, on a parked greenlet."""
        self.offered[plan.persona] += 1
        if len(self.visits) >= self.most:
            self._lose(plan, f"more than {self.most} visitors at once (replay.max_visitors)")
        elif not self.accounts.free(_account(plan)):
            self._lose(plan, "its account was still in use by an earlier visit (population too small)")
        else:
            self.started[plan.persona] += 1
            self._start(plan)

    def _start(self, plan: VisitPlan) -> None:
        self.accounts.take(_account(plan), leaving=self.ours is not None and self.ours.leaving(plan.shard))
        self.visits.start(self.scenarios[plan.persona](self.environment), plan)

    def _left(self, plan: VisitPlan) -> None:
        self.accounts.ended(_account(plan))

    def _broke(self, plan: VisitPlan, error: Exception) -> None:
        """The greenlet goes on to serve others; what is missing is named, and Little's law misses the row."""
        self.run_context.limits[f"a visit broke off: {type(error).__name__}"] += 1
        print(here(f"entsurge: the visit {plan.name} broke off: {type(error).__name__}: {error}"), file=sys.stderr)

    def _ended(self, log: VisitLog) -> None:
        self.comebacks.consider(log, self.run_context)

    def _try_again(self, plan: VisitPlan) -> str:
        """Start a retry now: the same account, if nobody has it meanwhile. Retries are no offered visits."""
        elsewhere = self.ours is not None and not self.ours.holds(plan.shard, plan.due_us)
        if plan.due_us >= self.until_us or elsewhere or not self.accounts.free(_account(plan)):
            return "given_up"
        if len(self.visits) >= self.most:
            self.run_context.limits[f"retry: more than {self.most} visitors at once (replay.max_visitors)"] += 1
            return "lost"
        self._start(plan)
        return "started"

    def _lose(self, plan: VisitPlan, reason: str) -> None:
        self.lost[plan.persona] += 1
        self.run_context.limits[reason] += 1
        now_us = self.run_context.now_us()
        self.run_context.record.visit(VisitLog.of_lost(plan, now_us, self.run_context.personas).row(now_us))


def _account(plan: VisitPlan) -> Account:
    return plan.persona, plan.group, plan.account
