"""Starts each visit at its due time, whether or not the target copes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent.pool import Group

from entsurge.audience.shape import PERSONAS
from entsurge.visit.visitor import VisitLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.shape import Persona
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.visit.stage import Stage
    from entsurge.visit.visitor import Visitor


class Scheduler:
    """Sleeps to absolute due times; a visit beyond the cap on visitors is counted lost, never dropped silently."""

    def __init__(
        self,
        arrivals: Iterable[VisitPlan],
        scenarios: Mapping[Persona, type[Visitor]],
        environment: Any,
        *,
        most: int,
    ) -> None:
        self.arrivals, self.scenarios, self.environment, self.most = arrivals, scenarios, environment, most
        self.visits = Group()
        zero = dict.fromkeys(PERSONAS, 0)
        self.offered, self.started, self.lost = Counter(zero), Counter(zero), Counter(zero)

    @property
    def stage(self) -> Stage:
        """What the visitors share."""
        stage: Stage = self.environment.entsurge
        return stage

    def run(self) -> None:
        """Offer every visit of the plan; returns when the last one has been started."""
        for plan in self.arrivals:
            remaining = plan.due_us - self.stage.now_us()
            if remaining > 0:
                gevent.sleep(remaining / 1e6)
            self.offer(plan)

    def offer(self, plan: VisitPlan) -> None:
        """Start one visit now, in its own greenlet."""
        self.offered[plan.persona] += 1
        if len(self.visits) >= self.most:
            self.lost[plan.persona] += 1
            now = self.stage.now_us()
            log = VisitLog(plan, plan.due_us, now)
            log.sign_on = "lost"
            self.stage.record.visit(log.row(now))
            return
        self.started[plan.persona] += 1
        visitor = self.scenarios[plan.persona](self.environment)
        self.visits.spawn(visitor.visit, plan)
