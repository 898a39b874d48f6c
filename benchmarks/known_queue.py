"""The queue that a sandbox declares, simulated event by event: what its capacity is held against.

Written apart from the sandbox's own timetable and fed with the plan's own visits, in virtual time: an hour takes
seconds. A visit signs on, then opens page after page; a page holds one of the workers for its service's seconds, and
for the last part of them one of the pool's connections. First come, first served. See docs/method.md, "Capacity".
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entsurge.plan.arrivals import VisitPlan


class Page(NamedTuple):
    """One page of the record, seconds of run time: when it was due, how long it took, what became of it."""

    due: float
    seconds: float
    persona: str
    service: str
    outcome: str


@dataclass(frozen=True)
class House:
    """What the queue is: so many workers, connections, sessions, pages waiting; seconds of a page by service.

    `shed` are personas turned away at sign-on, `free` services that cost nothing; an account may open
    `allowance_per_second` pages, `burst` of them at once; `session_seconds` is the silence that ends a session.
    """

    workers: int
    seconds: Mapping[str, float]
    database_share: Mapping[str, float] = field(default_factory=dict)
    pool: int = 10**9
    sessions: int = 10**9
    session_seconds: float = 3600.0
    queue: int = 10**9
    allowance_per_second: float | None = None
    burst: int = 30
    shed: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()


class _Servers:
    """So many servers and one queue before them."""

    def __init__(self, count: int) -> None:
        self.free = count
        self.waiting: deque[Callable[[float], None]] = deque()

    def take(self, now: float, begin: Callable[[float], None]) -> None:
        if self.free:
            self.free -= 1
            begin(now)
        else:
            self.waiting.append(begin)

    def give_back(self, now: float) -> None:
        if self.waiting:
            self.waiting.popleft()(now)
        else:
            self.free += 1


class Simulation:
    """One run of a house: `run` yields its pages in the order in which they end."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.allowances: dict[tuple[str, str, int], tuple[float, float]] = {}
        self.workers, self.pool = _Servers(house.workers), _Servers(house.pool)
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.number = 0
        self.pages: list[Page] = []
        self.touched: dict[int, float] = {}
        self.ends: list[tuple[float, int]] = []

    def run(self, visits: Iterable[VisitPlan]) -> list[Page]:
        """Every page of these visits."""
        for number, visit in enumerate(visits):
            due = visit.due_us / 1e6
            self.at(due, lambda now, visit=visit, number=number: self._arrives(visit, number, now))
        while self.events:
            now, _, act = heapq.heappop(self.events)
            act(now)
        return self.pages

    def at(self, instant: float, act: Callable[[float], None]) -> None:
        """Let something happen then."""
        self.number += 1
        heapq.heappush(self.events, (instant, self.number, act))

    def _arrives(self, visit: VisitPlan, number: int, now: float) -> None:
        if self._full(now) or visit.persona in self.house.shed:
            self.pages.append(Page(now, 0.0, visit.persona, "sign-on", "shed"))
            return

        def signed_on(end: float) -> None:
            self._touch(number, end)
            self._opens(visit, number, 0, end)

        self._page(visit, "sign-on", now, now, signed_on)

    def _allowed(self, visit: VisitPlan, now: float) -> bool:
        """Spend one of the account's pages, if it has one: a bucket that fills steadily."""
        pace = self.house.allowance_per_second
        if pace is None:
            return True
        account = (visit.persona, visit.group, visit.account)
        left, at = self.allowances.get(account, (float(self.house.burst), now))
        left = min(float(self.house.burst), left + (now - at) * pace)
        self.allowances[account] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def _full(self, now: float) -> bool:
        while self.ends and self.ends[0][0] <= now:
            _, number = heapq.heappop(self.ends)
            ends = self.touched.get(number, 0.0) + self.house.session_seconds
            if ends <= now:
                self.touched.pop(number, None)
            else:
                heapq.heappush(self.ends, (ends, number))
        return len(self.touched) >= self.house.sessions

    def _touch(self, number: int, now: float) -> None:
        if number not in self.touched:
            heapq.heappush(self.ends, (now + self.house.session_seconds, number))
        self.touched[number] = now

    def _opens(self, visit: VisitPlan, number: int, index: int, due: float) -> None:
        if index >= len(visit.pages):
            return
        page = visit.pages[index]

        def shown(end: float) -> None:
            self._touch(number, end)
            following = max(due + page.gap_us / 1e6, end)
            self.at(following, lambda now: self._opens(visit, number, index + 1, now))

        self._touch(number, due)
        self._page(visit, page.service, due, due, shown)

    def _page(self, visit: VisitPlan, service: str, due: float, now: float, after: Callable[[float], None]) -> None:
        if not self._allowed(visit, now):
            self.pages.append(Page(due, 0.0, visit.persona, service, "shed"))
            return
        if service in self.house.free:
            self.pages.append(Page(due, 0.0, visit.persona, service, "ok"))
            after(now)
            return
        if len(self.workers.waiting) >= self.house.queue and not self.workers.free:
            self.pages.append(Page(due, 0.0, visit.persona, service, "failed"))
            return
        seconds = self.house.seconds[service]
        database = seconds * self.house.database_share.get(service, 0.0)

        def over(end: float) -> None:
            if database:
                self.pool.give_back(end)
            self.workers.give_back(end)
            self.pages.append(Page(due, end - due, visit.persona, service, "ok"))
            after(end)

        def on_worker(start: float) -> None:
            if database:
                self.at(start + seconds - database, lambda then: self.pool.take(then, with_connection))
            else:
                self.at(start + seconds, over)

        def with_connection(start: float) -> None:
            self.at(start + database, over)

        self.workers.take(now, on_worker)


def simulate(house: House, visits: Iterable[VisitPlan]) -> list[Page]:
    """Every page that these visits open in this house."""
    return Simulation(house).run(visits)
