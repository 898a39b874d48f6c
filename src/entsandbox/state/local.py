"""The memory of a sandbox that is one process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from entsandbox.state.allowance import LocalAllowances, Rate
from entsandbox.state.session import LocalSessions
from entsandbox.state.tickets import LocalOneTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsandbox.reach import Reach
    from entsandbox.state.session import Session
    from entsandbox.state.state import Order
    from entsurge.population import Person


class LocalState:
    """Sign-ons, tickets, allowances, orders and limits, in memory."""

    def __init__(
        self,
        idle_seconds: Callable[[], float],
        reach: Callable[[Person], Reach],
        rate: Rate,
        on_silence: Callable[[Session], None],
    ) -> None:
        self.sessions = LocalSessions(idle_seconds, reach, on_silence=on_silence)
        self.allowances = LocalAllowances(rate, self.clock)
        self._orders: dict[str, Order] = {}
        self._limits: dict[str, float] = {}

    def one_time(self, prefix: str, seconds: float) -> LocalOneTime:
        """A box of things, each good once and in time."""
        return LocalOneTime(prefix, seconds)

    def clock(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def order(self, name: str, order: Order | None) -> None:
        """Order a measure, or end it."""
        if order is None:
            self._orders.pop(name, None)
        else:
            self._orders[name] = order

    async def orders(self) -> Mapping[str, Order]:
        """The measures ordered."""
        return self._orders

    async def set_limit(self, name: str, value: float) -> None:
        """Change a limit while running."""
        self._limits[name] = value

    async def limits(self) -> Mapping[str, float]:
        """The limits that were changed."""
        return self._limits

    async def keep_up(self) -> None:
        """End the sign-ons that are due to."""
        self.sessions.end_silent()
