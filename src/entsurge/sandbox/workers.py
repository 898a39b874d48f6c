"""The sandbox's saturation: servers taken first come, first served, on a computed timetable.

A server is free again when its work was *due* to end, not when the event loop noticed: the next in the
queue starts from that instant. So a busy machine makes answers late by its own lag once, and the
capacity stays workers ÷ seconds.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from entsurge.sandbox.settings import Settings


class QueueFull(Exception):  # what the queue is, not what went wrong
    """As many requests wait as may."""


class Servers:
    """So many identical servers and one queue before them; times are the loop's clock, in seconds."""

    def __init__(self, count: int, queue_limit: float = float("inf")) -> None:
        self._free_since = [0.0] * count
        self._waiting: deque[tuple[float, asyncio.Future[float]]] = deque()
        self._queue_limit = queue_limit
        self.busy = 0

    @property
    def queue(self) -> int:
        """How many wait for a server."""
        return len(self._waiting)

    async def take(self, ready: float) -> float:
        """Wait for a server from the instant `ready`; the instant at which its work starts.

        Raises QueueFull when the queue is at its limit.
        """
        if self._free_since:
            self.busy += 1
            return max(ready, heapq.heappop(self._free_since))
        if len(self._waiting) >= self._queue_limit:
            raise QueueFull
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((ready, turn))
        try:
            return await turn
        except asyncio.CancelledError:
            self._leave((ready, turn))
            raise

    def release(self, end: float) -> None:
        """Give a server back, free since `end`; the first in the queue has it at once."""
        while self._waiting:
            ready, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(max(ready, end))
                return
        self.busy -= 1
        heapq.heappush(self._free_since, end)

    def _leave(self, place: tuple[float, asyncio.Future[float]]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        elif place[1].done() and not place[1].cancelled():
            self.release(place[1].result())


class Resources:
    """The application's workers and its database pool, as one page uses them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.workers = Servers(settings.workers, settings.queue_limit)
        self.pool = Servers(settings.pool)

    @asynccontextmanager
    async def page(self, service: str) -> AsyncIterator[None]:
        """Hold a worker for a page's time, and a connection for the last part of it.

        The body (the page's real work, which is short) runs before the time is spent. Raises QueueFull.
        """
        loop = asyncio.get_running_loop()
        seconds, database = self._settings.seconds(service), self._settings.database_seconds(service)
        if self._settings.unlimited or not seconds:
            yield
            await _sleep_until(loop.time() + seconds)
            return
        start = await self.workers.take(loop.time())
        try:
            yield
            end = await self._spend(start, seconds - database, database)
        except BaseException:
            self.workers.release(loop.time())
            raise
        self.workers.release(end)

    async def _spend(self, start: float, alone: float, database: float) -> float:
        """Pass the time of a page that started at `start`; the instant at which it was due to end."""
        await _sleep_until(start + alone)
        if not database:
            return start + alone
        end = await self.pool.take(start + alone) + database
        try:
            await _sleep_until(end)
        except BaseException:
            self.pool.release(asyncio.get_running_loop().time())
            raise
        self.pool.release(end)
        return end


async def _sleep_until(instant: float) -> None:
    """Wait for an instant of the loop's clock; return at once if it has passed."""
    late = instant - asyncio.get_running_loop().time()
    if late > 0:
        await asyncio.sleep(late)
