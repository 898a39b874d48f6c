"""How many visitors are present, at every instant: one side of Little's law, kept apart from what visits record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A span of run time in µs, the end left out."""

    begin_us: int
    end_us: int

    def holds_us(self, begin_us: int, end_us: int) -> int:
        """How much of a stay from one instant to another lies in it."""
        return max(0, min(end_us, self.end_us) - max(begin_us, self.begin_us))


class Presence:
    """Counts visitors in and out. `area_us` is the area under their number inside the window, in visitors × µs.

    Only arrivals and departures change it. A visit that never departs is present for ever, one whose row is lost is
    missing on the other side: the two sides then differ (docs/method.md, Little's residual).
    """

    def __init__(self, window: Span) -> None:
        self.window = window
        self.counts: Counter[str] = Counter()
        self._inside, self._since_us, self._area_us = 0, 0, 0

    def arrive(self, persona: str, now_us: int) -> None:
        """Somebody has come."""
        self.area_us(now_us)
        self.counts[persona] += 1
        self._inside += 1

    def depart(self, persona: str, now_us: int) -> None:
        """Somebody has gone."""
        self.area_us(now_us)
        self.counts[persona] -= 1
        self._inside -= 1

    def area_us(self, now_us: int) -> int:
        """The area up to this instant, which must not lie before the last one."""
        self._area_us += self._inside * self.window.holds_us(self._since_us, now_us)
        self._since_us = now_us
        return self._area_us
