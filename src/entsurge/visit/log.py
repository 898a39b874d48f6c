"""What one visit came to, page by page, until it is a row of visits.arrows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from entsurge.audience.persona import SHIPPED, by_key, entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.audience.persona import Persona
    from entsurge.plan.arrivals import PagePlan, VisitPlan
    from entsurge.visit.outcome import PageResult


class VisitLog:
    """What one visit came to; `personas` say what its work is."""

    def __init__(
        self, plan: VisitPlan, due_us: int, start_us: int, personas: Mapping[str, Persona] | None = None
    ) -> None:
        work = entry(personas or by_key(SHIPPED), plan.persona).work
        self.work = frozenset(work.services if work else ())
        self.plan, self.due_us, self.start_us = plan, due_us, start_us
        self.school, self.sign_on, self.end = "", "", "lost"
        self.waiting_us = 0
        self.work_served = False
        self.done = 0
        self.not_served: list[PagePlan] = []
        self.services = {page.service: Counter({"planned": 0}) for page in plan.pages}
        for page in plan.pages:
            self.services[page.service]["planned"] += 1

    @classmethod
    def of_lost(cls, plan: VisitPlan, now_us: int, personas: Mapping[str, Persona] | None = None) -> VisitLog:
        """A visit that the generator could not start, or lost sight of."""
        log = cls(plan, plan.due_us, now_us, personas)
        log.sign_on, log.end = "lost", "not-started"
        return log

    def page(self, service: str, result: PageResult, waiting_us: int, work: bool) -> None:
        """One page view came to its end."""
        self.services[service][str(result.outcome)] += 1
        self.waiting_us += waiting_us
        if not result.ok:
            self.not_served.append(self.plan.pages[self.done])
        self.done += 1
        self.work_served |= work and result.ok

    def remaining(self) -> tuple[PagePlan, ...]:
        """The pages not asked for yet."""
        return self.plan.pages[self.done :]

    def owed(self) -> tuple[PagePlan, ...]:
        """The pages that the visitor came for and did not get, in the order in which they were planned."""
        return (*self.not_served, *self.remaining())

    def row(self, end_us: int) -> dict[str, Any]:
        """The visit as a row of visits.arrows."""
        outcomes = {name: sum(of[name] for of in self.services.values()) for name in ("ok", "shed", "failed", "lost")}
        planned, pages = len(self.plan.pages), self.services.items()
        return {
            "name": self.plan.name, "persona": self.plan.persona, "group": self.plan.group, "school": self.school,
            "phase": self.plan.phase, "due_us": self.due_us, "start_us": self.start_us, "end_us": end_us,
            "planned": planned, **outcomes, "unserved": planned - sum(outcomes.values()),
            "planned_gap_us": sum(page.gap_us for page in self.plan.pages), "waiting_us": self.waiting_us,
            "work_planned": bool(self.work & set(self.services)), "work_served": self.work_served,
            "services": [{"service": name, **{key: of[key] for key in ("planned", *outcomes)}} for name, of in pages],
            "sign_on": self.sign_on, "end": self.end, "device": self.plan.device,
            "attempt": self.plan.attempt,
        }  # fmt: skip
