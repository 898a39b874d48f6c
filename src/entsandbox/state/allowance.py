"""Each account's allowance of pages: so many a minute, so many at once (the generic cell rate algorithm).

Kept per account is the instant at which it would be due: now for a quiet one, later the more it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rate:
    """So many pages a minute; `burst` of them may come at once. Without a rate nothing is held back."""

    per_minute: float | None
    burst: int = 30

    @property
    def interval(self) -> float:
        """Seconds between two pages at the rate."""
        return 60.0 / self.per_minute if self.per_minute else 0.0

    @property
    def tolerance(self) -> float:
        """How far ahead of now an account may be due."""
        return self.interval * self.burst

    def next_due(self, due: float, now: float) -> tuple[float, float]:
        """An account's next due instant and the seconds to wait, one of which tells that the page is refused."""
        later = max(due, now) + self.interval
        late = later - now - self.tolerance
        return (due, late) if late > 1e-9 else (later, 0.0)


class LocalAllowances:
    """Every account's allowance, in memory; those that have recovered are dropped as the others spend."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._due: dict[str, float] = {}

    async def spend(self, login: str) -> float:
        """Ask for one page: 0 when it is granted, or after how many seconds it would be."""
        if not self._rate.per_minute:
            return 0.0
        now = self._clock()
        if len(self._due) > 50_000:
            self._due = {name: due for name, due in self._due.items() if due > now}
        self._due[login], wait = self._rate.next_due(self._due.get(login, now), now)
        return wait
