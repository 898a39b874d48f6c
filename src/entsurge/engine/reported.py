"""Which visits the workers' reports hold: each counts once, and of those that none holds a row says so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from entsurge.visit.log import VisitLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.persona import Persona
    from entsurge.plan.arrivals import VisitPlan


class Reported:
    """The visits of a run with several processes, by name; of these personas."""

    def __init__(self, personas: Mapping[str, Persona]) -> None:
        self.personas, self.names = personas, set[str]()
        self.lost: Counter[str] = Counter(dict.fromkeys(personas, 0))

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in rows of visits and retries. Raises AssertionError for one that has come before."""
        for row in rows:
            if row["name"] in self.names:
                raise AssertionError(f"{row['name']} was reported twice")
            self.names.add(row["name"])
            if row["end"] == "not-started":
                self.lost[row["persona"]] += 1

    def missing(
        self, arrivals: Iterable[VisitPlan], at_us: int
    ) -> tuple[list[dict[str, Any]], dict[str, Counter[str]]]:
        """A row for every visit that was due before this instant and that no report holds; then the exact counts.

        Counts are visits by persona: offered, started, lost. To be asked once, at the end.
        """
        offered: Counter[str] = Counter(dict.fromkeys(self.personas, 0))
        rows = []
        for plan in arrivals:
            if plan.due_us >= at_us:
                break
            offered[plan.persona] += 1
            if plan.name not in self.names:
                log = VisitLog.of_lost(plan, plan.due_us, self.personas)
                log.end = "worker-lost"
                rows.append(log.row(plan.due_us))
                self.lost[plan.persona] += 1
        started: Counter[str] = Counter({persona: offered[persona] - self.lost[persona] for persona in self.personas})
        return rows, {"offered": offered, "started": started, "lost": self.lost}
