"""The clockwork: an event heap whose time is whole µs of run time; what is due at once keeps its order."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock:
    """Calls what is due, in order of time; `now_us` is the time of the last call, `events` how many there were."""

    __slots__ = ("_heap", "_number", "events", "now_us", "stopped")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[int, Any], None], Any]] = []
        self._number, self.events, self.now_us, self.stopped = 0, 0, 0, False

    def at(self, due_us: int, act: Callable[[int, Any], None], what: Any) -> None:
        """Have `act(due_us, what)` called then."""
        self._number += 1
        heappush(self._heap, (due_us, self._number, act, what))

    def stop(self) -> None:
        """Call nothing more."""
        self.stopped = True

    def __len__(self) -> int:
        return len(self._heap)

    def run(self, arrivals: Iterator[tuple[int, Any]], arrive: Callable[[int, Any], None], until_us: int) -> None:
        """Take in arrivals, which come in order, and call what is due, until this instant or until nothing is left."""
        heap, pop, events = self._heap, heappop, 0
        due_us, visit = next(arrivals, (until_us, None))
        while not self.stopped:
            if due_us < until_us and (not heap or due_us <= heap[0][0]):
                self.now_us = due_us
                arrive(due_us, visit)
                due_us, visit = next(arrivals, (until_us, None))
            elif heap and heap[0][0] < until_us:
                now_us, _, act, what = pop(heap)
                self.now_us = now_us
                act(now_us, what)
            else:
                break
            events += 1
        self.events += events
