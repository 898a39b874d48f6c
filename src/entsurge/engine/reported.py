"""Which visits the workers' reports hold: each counts once, and of those that none holds a row says so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from entsurge.visit.log import VisitLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.persona import Persona
    from entsurge.plan.arrivals import VisitPlan

MOST_DIGITS = 7  # of which visit of its minute: more is no visit's


class Names:
    """A set of visits' names, `PERSONA/GROUP/MINUTE/K` or, of a retry, `…/K#ATTEMPT`: a bit each.

    (As texts in a set they were 128 bytes each, kept to the end of the run.)
    """

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def add(self, name: str) -> None:
        """Take in a name. Raises AssertionError for what is no visit's."""
        block, bit = self._place(name)
        self._bits[block] = self._bits.get(block, 0) | bit

    def __contains__(self, name: str) -> bool:
        block, bit = self._place(name)
        return bool(self._bits.get(block, 0) & bit)

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self._bits.values())

    @staticmethod
    def _place(name: str) -> tuple[str, int]:
        """Where a name stands: all of one persona, group, minute and attempt share a number."""
        block, _, number = name.rpartition("/")
        number, _, attempt = number.partition("#")
        if not (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS):
            raise AssertionError(f"{name!r} is no visit's name")
        return f"{block}#{attempt}" if attempt else block, 1 << int(number)


class Reported:
    """The visits of a run with several processes, by name; of these personas."""

    def __init__(self, personas: Mapping[str, Persona]) -> None:
        self.personas, self.names = personas, Names()
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
