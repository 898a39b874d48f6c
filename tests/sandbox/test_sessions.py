"""How long sessions, tickets and forms last."""

from entsurge.population import Population
from entsurge.sandbox.sessions import Sessions
from entsurge.sandbox.tickets import OneTime

PERSON = Population(1).person("student", 0)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        """The instant set."""
        return self.now


def test_silence_ends_a_session():
    """A session ends after its silence, with the portals it opened; a page asked for prolongs it."""
    clock = Clock()
    sessions = Sessions(lambda: 100, clock)
    silent, busy = sessions.open(PERSON), sessions.open(PERSON)
    silent_portal, busy_portal = (sessions.open_portal(session, ("tous",)) for session in (silent, busy))
    clock.now = 99
    assert sessions.find_portal(busy_portal)
    clock.now = 100
    assert len(sessions) == 1
    assert sessions.find(silent.token) is None
    assert sessions.find_portal(silent_portal) is None
    assert sessions.find(busy.token) is busy


def test_one_time_things():
    """A thing is taken back once and in time; when the box is full the oldest makes room."""
    clock = Clock()
    box = OneTime[str]("ST", 300, most=2, clock=clock)
    tokens = [box.issue(thing) for thing in "abc"]
    assert box.take(tokens[0]) is None
    assert box.take(tokens[1]) == "b"
    assert box.take(tokens[1]) is None
    clock.now = 300
    assert box.take(tokens[2]) is None
