"""Who is signed on: how many in all and of each persona, and when silence ends a session."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUNDING = 1e-6  # of a place


class SignedOn(Protocol):
    """Whoever has a session: when they last asked for something."""

    persona: str
    touched_us: int


class Sessions:
    """Sessions end `idle_us` after their last page, not with the visit: nobody signs off.

    With shares of `reserved` places each persona may always take its own, and beyond them of those that are nobody's.
    """

    def __init__(self, limit: int, idle_us: int, reserved: Mapping[str, float]) -> None:
        self.limit, self.idle_us, self.reserved = limit, idle_us, reserved
        self.present: Counter[str] = Counter()
        self.open = 0
        self._ends: list[tuple[int, int, SignedOn]] = []
        self._number = 0

    def full(self, now_us: int) -> bool:
        """Whether newcomers are turned away."""
        self._expire(now_us)
        return self.open >= self.limit

    def has_place(self, persona: str) -> bool:
        """Whether reserved places leave one for this persona."""
        if not self.reserved or self.present[persona] < self.reserved.get(persona, 0.0) * self.limit:
            return True
        beyond = sum(max(0.0, here - self.reserved.get(who, 0.0) * self.limit) for who, here in self.present.items())
        return beyond + 1 <= (1.0 - sum(self.reserved.values())) * self.limit + _ROUNDING

    def begin(self, now_us: int, whose: SignedOn) -> None:
        """Somebody has signed on."""
        self.open += 1
        self.present[whose.persona] += 1
        self._look_again(now_us + self.idle_us, whose)

    def _expire(self, now_us: int) -> None:
        while self._ends and self._ends[0][0] <= now_us:
            whose = heappop(self._ends)[2]
            if whose.touched_us + self.idle_us > now_us:
                self._look_again(whose.touched_us + self.idle_us, whose)
            else:
                self.open -= 1
                self.present[whose.persona] -= 1

    def _look_again(self, due_us: int, whose: SignedOn) -> None:
        self._number += 1
        heappush(self._ends, (due_us, self._number, whose))
