"""The timetable of workers: first come, first served, and no time lost to a late event loop."""

import asyncio

import pytest

from entsandbox.load.workers import QueueFull, Resources, Servers
from entsandbox.settings import Settings


def test_the_next_starts_when_the_last_was_due_to_end():
    """A release noticed late gives the server from when it was due, so no capacity is lost."""

    async def scene():
        servers = Servers(1)
        assert await servers.take(10.0) == 10.0
        turns = [asyncio.create_task(servers.take(ready)) for ready in (10.0, 10.1)]
        await asyncio.sleep(0)
        assert servers.queue == 2
        servers.release(11.0)
        assert await turns[0] == 11.0
        servers.release(12.0)
        assert await turns[1] == 12.0
        servers.release(13.0)
        assert servers.busy == 0
        assert await servers.take(12.5) == 13.0

    asyncio.run(scene())


def test_the_queue_has_an_end():
    """The one too many is refused."""

    async def scene():
        servers = Servers(1, queue_limit=0)
        await servers.take(0.0)
        with pytest.raises(QueueFull):
            await servers.take(0.0)

    asyncio.run(scene())


@pytest.mark.parametrize("given", [False, True])
def test_leaving_the_queue(given):
    """Whoever gives up, before or after the turn came, leaves the server to the next."""

    async def scene():
        servers = Servers(1)
        await servers.take(0.0)
        leaver, patient = (asyncio.create_task(servers.take(0.0)) for _ in range(2))
        await asyncio.sleep(0)
        if given:
            servers.release(1.0)
        leaver.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaver
        if not given:
            servers.release(1.0)
        assert await patient == 1.0
        servers.release(2.0)
        assert (servers.busy, servers.queue) == (0, 0)

    asyncio.run(scene())


def test_a_page_that_fails_gives_everything_back():
    """Neither worker nor connection is kept by a page that fails or is cancelled."""

    async def scene():
        resources = Resources(Settings(service_seconds={"homework": 60}))
        with pytest.raises(ZeroDivisionError):
            async with resources.page("homework"):
                raise ZeroDivisionError

        async def page():
            async with resources.page("homework"):
                pass

        task = asyncio.create_task(page())
        await asyncio.sleep(0)
        assert resources.workers.busy == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (resources.workers.busy, resources.pool.busy) == (0, 0)

    asyncio.run(scene())
