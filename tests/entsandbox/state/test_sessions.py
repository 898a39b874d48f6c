"""How long sessions, tickets, forms and allowances last, in memory."""

import asyncio

from entsandbox.reach import reach_of
from entsandbox.state.allowance import LocalAllowances, Rate
from entsandbox.state.session import LocalSessions
from entsandbox.state.tickets import LocalOneTime
from entsurge.population import Population

PEOPLE = Population(1)
PERSON = PEOPLE.person("student", 0)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        """The instant set."""
        return self.now


def test_silence_ends_a_session():
    """A session ends after its silence, with the portals it opened; a page asked for prolongs it."""

    async def scene():
        clock, silenced = Clock(), []
        sessions = LocalSessions(
            lambda: 100, lambda person: reach_of(PEOPLE, person), on_silence=silenced.append, clock=clock
        )
        silent, busy = await sessions.open(PERSON), await sessions.open(PERSON)
        silent_portal, busy_portal = [await sessions.open_portal(session) for session in (silent, busy)]
        assert sessions.present("student") == 2
        clock.now = 99
        assert await sessions.find_portal(busy_portal)
        clock.now = 100
        assert len(sessions) == 1
        assert sessions.present("student") == 1
        assert silenced == [silent]
        assert await sessions.find(silent.token) is None
        assert await sessions.find_portal(silent_portal) is None
        assert await sessions.find(busy.token) is busy
        await sessions.end(busy.token)
        assert await sessions.find_portal(busy_portal) is None

    asyncio.run(scene())


def test_one_time_things():
    """A thing is taken back once and in time; when the box is full the oldest makes room."""

    async def scene():
        clock = Clock()
        box = LocalOneTime("ST", 300, most=2, clock=clock)
        tokens = [await box.issue(thing) for thing in "abc"]
        assert await box.take(tokens[0]) is None
        assert await box.take(tokens[1]) == "b"
        assert await box.take(tokens[1]) is None
        clock.now = 300
        assert await box.take(tokens[2]) is None

    asyncio.run(scene())


def test_an_allowance_is_spent_and_comes_back():
    """Three at once, then one every ten seconds; each account has its own."""

    async def scene():
        clock = Clock()
        allowances = LocalAllowances(Rate(6, burst=3), clock)
        assert [await allowances.spend("a") for _ in range(4)] == [0, 0, 0, 10]
        assert await allowances.spend("b") == 0
        clock.now = 9
        assert await allowances.spend("a") == 1
        clock.now = 10
        assert [await allowances.spend("a") for _ in range(2)] == [0, 10]
        clock.now = 1_000
        assert [await allowances.spend("a") for _ in range(4)] == [0, 0, 0, 10]

    asyncio.run(scene())
