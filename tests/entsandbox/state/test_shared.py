"""What several processes share in PostgreSQL: two states over one database behave as one."""

import asyncio
import time
from contextlib import contextmanager

import pytest

from entsandbox.directory import Directory
from entsandbox.state.allowance import Rate
from entsandbox.state.shared import SharedState
from entsandbox.state.state import Order
from entsandbox.state.store import Database
from entsurge.population import Population

PEOPLE = Population(1)
PERSON = PEOPLE.person("parent", 3)


@pytest.fixture(scope="module")
def address(postgres):
    """A rebuilt database."""
    url = postgres.new_database("shared")
    database = Database(url)
    database.rebuild()
    database.close()
    return url


@contextmanager
def two_processes(url, idle_seconds=60.0, rate=Rate(None), silenced=None):  # noqa: B008  it never changes
    """What two processes have: each a connection pool and a state of its own."""
    databases = [Database(url, pool=2) for _ in range(2)]
    directory = Directory(PEOPLE)
    on_silence = (silenced if silenced is not None else []).append
    try:
        yield [SharedState(each, PEOPLE, lambda: idle_seconds, directory.reach, rate, on_silence) for each in databases]
    finally:
        for each in databases:
            each.close()


def test_a_sign_on_is_known_to_the_other_process(address):
    """A session opened here is found there, with its portal, its token and its reach; ended there, it ends here."""

    async def scene(one, other):
        session = await one.sessions.open(PERSON)
        token = await one.sessions.open_portal(session)
        found = await other.sessions.find_portal(token)
        here = await one.sessions.find_portal(token)
        assert (found.person, found.csrf, found.reach) == (PERSON, here.csrf, here.reach)
        assert (await other.sessions.find(session.token)).person == PERSON
        await other.keep_up()
        assert other.sessions.present("parent") == len(other.sessions) == 1
        await other.sessions.end(session.token)
        assert await other.sessions.find_portal(token) is None
        limit = time.monotonic() + 10
        while await one.sessions.find_portal(token) is not None:  # believed for two seconds
            assert time.monotonic() < limit
            await asyncio.sleep(0.05)
        await one.keep_up()
        assert len(one.sessions) == 0
        assert await one.sessions.find("") is None

    with two_processes(address) as states:
        asyncio.run(scene(*states))


def test_silence_ends_a_shared_session(address):
    """A session that nobody touches ends; one that the other process touches does not."""

    async def scene(one, other):
        silent, busy = await one.sessions.open(PERSON), await one.sessions.open(PERSON)
        portal = await one.sessions.open_portal(busy)
        limit = time.monotonic() + 20
        while not silenced:
            assert time.monotonic() < limit
            await other.sessions.find_portal(portal)
            await other.keep_up()
            await one.keep_up()
            await asyncio.sleep(0.05)
        assert [session.token for session in silenced] == [silent.token]
        assert await one.sessions.find_portal(portal) is not None

    silenced = []
    with two_processes(address, idle_seconds=1.0, silenced=silenced) as states:
        asyncio.run(scene(*states))


def test_a_ticket_is_taken_once_whoever_asks(address):
    """Of ten takers in two processes one has the ticket; another box's ticket is nobody's."""

    async def scene(one, other):
        boxes = [one.one_time("ST", 60), other.one_time("ST", 60)]
        token = await boxes[0].issue("thing")
        taken = await asyncio.gather(*(boxes[n % 2].take(token) for n in range(10)))
        assert sorted(map(str, taken)) == ["None"] * 9 + ["thing"]
        late = await one.one_time("ST", -1).issue("late")
        assert await boxes[1].take(late) is None
        form = await one.one_time("e1s1", 60).issue("form")
        assert await boxes[1].take(form) is None

    with two_processes(address) as states:
        asyncio.run(scene(*states))


def test_an_allowance_is_one_for_both(address):
    """Three pages at once, whichever process is asked, then none for ten seconds."""

    async def scene(one, other):
        waits = [await state.allowances.spend("someone") for state in (one, other, one, other)]
        assert waits[:3] == [0, 0, 0]
        assert 9 < waits[3] <= 10
        assert await other.allowances.spend("another") == 0

    with two_processes(address, rate=Rate(6, burst=3)) as states:
        asyncio.run(scene(*states))


def test_orders_and_limits_reach_the_other_process(address):
    """A measure ordered, and a limit changed, are read by the other process."""

    async def scene(one, other):
        await one.order("news-closed", Order(None, "{}", 3.0))
        await one.order("static-home", Order(12.5, '{"a": 1}', 4.0))
        assert await other.orders() == {
            "news-closed": Order(None, "{}", 3.0),
            "static-home": Order(12.5, '{"a": 1}', 4.0),
        }
        await other.order("news-closed", None)
        assert set(await one.orders()) == {"static-home"}
        await one.set_limit("sessions", 7)
        await one.set_limit("sessions", 8)
        assert await other.limits() == {"sessions": 8}

    with two_processes(address) as states:
        asyncio.run(scene(*states))
