"""The queue in front of the ENT, which has a capacity of its own: where it is too small, nobody comes in at all.

So it was on the first days of April 2021: free places and idle workers behind a waiting room that did not answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from entsandbox.load.workers import Servers, sleep_until

if TYPE_CHECKING:
    from collections.abc import Callable


class WaitingRoom:
    """One desk that looks after newcomers in turn, those that it lets through and those that it asks to wait.

    `per_second` says how many it can look after now (none: as many as come); `places` newcomers stand before it.
    """

    def __init__(self, per_second: Callable[[], float | None], places: int) -> None:
        self._per_second = per_second
        self._desk = Servers(1, places)

    @property
    def queue(self) -> int:
        """How many stand before it."""
        return self._desk.queue

    async def look_after(self) -> None:
        """Wait for one's turn and be looked after. Raises QueueFull when no place is left before it."""
        if self._per_second() is None and not self._desk.busy:
            return
        now = asyncio.get_running_loop().time
        start = await self._desk.take(now())
        rate = self._per_second()
        end = start + (1 / rate if rate else 0.0)
        try:
            await sleep_until(end)
        except BaseException:
            self._desk.release(now())
            raise
        self._desk.release(end)
