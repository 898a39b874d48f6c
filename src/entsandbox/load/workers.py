"""The sandbox's saturation: servers taken first come, first served, on a computed timetable.

A server is free again when its work was *due* to end, not when the event loop noticed: the next in the
queue starts from that instant. So a busy machine makes answers late by its own lag once, and the
capacity stays workers ÷ seconds.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from entsandbox.service_time_distribution import factor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from entsandbox.settings import Settings


class QueueFull(Exception):  # what the queue is, not what went wrong
    """As many requests wait as may."""


class Overtaken(Exception):  # what happened, not what went wrong
    """Those in a hurry needed the place in the queue."""


Place = tuple[float, "asyncio.Future[float]"]


class Servers:
    """So many identical servers and one queue before them; times are the loop's clock, in seconds.

    Whoever is in a hurry goes before all who are not, and takes the last one's place in a full queue.
    """

    def __init__(self, count: int, queue_limit: float = float("inf")) -> None:
        self.count = count
        self._free_since = [0.0] * count
        self._hurried: deque[Place] = deque()
        self._waiting: deque[Place] = deque()
        self._queue_limit = queue_limit
        self.busy = 0

    @property
    def queue(self) -> int:
        """How many wait for a server."""
        return len(self._hurried) + len(self._waiting)

    async def take(self, ready: float, *, hurried: bool = False) -> float:
        """Wait for a server from the instant `ready`; the instant at which its work starts.

        Raises QueueFull when the queue is at its limit, Overtaken when the place went to one in a hurry.
        """
        if self._free_since:
            self.busy += 1
            return max(ready, heapq.heappop(self._free_since))
        if self.queue >= self._queue_limit and not (hurried and self._overtake()):
            raise QueueFull
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        (self._hurried if hurried else self._waiting).append((ready, turn))
        try:
            return await turn
        except asyncio.CancelledError:
            self._leave((ready, turn))
            raise

    def release(self, end: float) -> None:
        """Give a server back, free since `end`; the first in the queue has it at once."""
        while self._hurried or self._waiting:
            ready, turn = (self._hurried or self._waiting).popleft()
            if not turn.done():
                turn.set_result(max(ready, end))
                return
        self.busy -= 1
        heapq.heappush(self._free_since, end)

    def _overtake(self) -> bool:
        """Send the last of those not in a hurry away; whether there was one."""
        while self._waiting:
            _, turn = self._waiting.pop()
            if not turn.done():
                turn.set_exception(Overtaken())
                return True
        return False

    def _leave(self, place: Place) -> None:
        _, turn = place
        for queue in (self._hurried, self._waiting):
            if place in queue:
                queue.remove(place)
                return
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self.release(turn.result())


class Resources:
    """The application's workers and its database pool, as one page uses them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chance = random.Random(settings.seed)
        self.workers = Servers(settings.workers, settings.queue_limit)
        self.pool = Servers(settings.pool)

    @asynccontextmanager
    async def page(self, service: str, *, hurried: bool = False) -> AsyncIterator[None]:
        """Hold a worker for a page's time, and a connection for the last part of it.

        The body (the page's real work, which is short) runs before the time is spent. Raises QueueFull or
        Overtaken.
        """
        loop = asyncio.get_running_loop()
        luck = factor(self._settings.spread_of(service), self._chance)
        seconds = self._settings.seconds(service) * luck
        database = self._settings.database_seconds(service) * luck
        if self._settings.unlimited or not seconds:
            yield
            await sleep_until(loop.time() + seconds)
            return
        start = await self.workers.take(loop.time(), hurried=hurried)
        try:
            yield
            end = await self._spend(start, seconds - database, database)
        except BaseException:
            self.workers.release(loop.time())
            raise
        self.workers.release(end)

    async def _spend(self, start: float, alone: float, database: float) -> float:
        """Pass the time of a page that started at `start`; the instant at which it was due to end."""
        await sleep_until(start + alone)
        if not database:
            return start + alone
        end = await self.pool.take(start + alone) + database
        try:
            await sleep_until(end)
        except BaseException:
            self.pool.release(asyncio.get_running_loop().time())
            raise
        self.pool.release(end)
        return end


async def sleep_until(instant: float) -> None:
    """Wait for an instant of the loop's clock; return at once if it has passed."""
    late = instant - asyncio.get_running_loop().time()
    if late > 0:
        await asyncio.sleep(late)
