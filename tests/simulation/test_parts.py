"""The parts of a simulation, each against what it stands for."""

from types import SimpleNamespace

import pytest

from entsandbox import measures as of_sandbox
from entsandbox.measure_options import DEFAULTS
from entsandbox.services import BY_NAME
from entsandbox.settings import Settings
from entsurge import content
from entsurge.audience.persona import PERSONAS
from entsurge.drivers.portal import PortalDriver
from entsurge.simulation import journeys, measures
from entsurge.simulation.clock import Clock
from entsurge.simulation.deployment import find, load
from entsurge.simulation.sessions import Sessions
from entsurge.simulation.stations import Job, Node, Nodes, Pool, WaitingRoom
from entsurge.simulation.visits import Habits, Stay, Visits

US = 1_000_000


def test_the_shipped_deployment_is_the_sandbox_without_an_option() -> None:
    """Workers, pool, queue, times, shares of the database, sessions: all as the sandbox's own settings have them."""
    found, own = load(find("embedded-ent")), Settings()
    assert (found.nodes.workers, found.nodes.pool, found.nodes.queue) == (own.workers, own.pool, own.queue_limit)
    assert found.sessions is not None
    assert (found.sessions.limit, found.sessions.idle_minutes * 60) == (own.session_limit, own.idle_seconds)
    for name, service in BY_NAME.items():
        times = found.of_service(name)
        assert (times.seconds, times.database_share) == (own.seconds(name), service.database_share)
    assert found.sign_on.seconds == own.seconds("sign-on")


def test_measures_are_the_sandboxs() -> None:
    """Each of its measures can be simulated, as it has them by default, or stands among those that cannot."""
    assert set(measures.MEASURES) == set(of_sandbox.MEASURES) - {"attachments-capped"}  # pages have no sizes on paper
    assert {name: set(of) for name, of in measures.NOT_ADMITTED.items()} == {
        name: set(of) for name, of in of_sandbox.NOT_ADMITTED.items()
    }
    assert (measures.CLOSES, measures.STATIC) == (of_sandbox.CLOSES_PAGE, of_sandbox.STATIC_PAGE)
    for name, slots in measures.SLOTS.items():
        assert {who: [list(each) for each in of] for who, of in slots.items()} == DEFAULTS[name]["slots"]
    assert measures.RESERVED["reserved-places"] == DEFAULTS["reserved-places"]["shares"]
    assert measures.HURRIED["priority-services"] == set(DEFAULTS["priority-services"]["services"])
    overloaded = "waiting-room-overloaded"
    assert measures.NEWCOMERS_PER_SECOND[overloaded] == DEFAULTS[overloaded]["per_second"]
    assert measures.IDLE_MINUTES["short-sessions"] == DEFAULTS["short-sessions"]["idle_minutes"]


def test_journeys_are_read_as_the_driver_knows_them() -> None:
    """Every shipped action is one of the portal's, and writes or publishes as it says there."""
    files = {persona: content.find("scenarios", persona) for persona in PERSONAS}
    found = journeys.read(files)
    actions = {action for of in found.values() for lists in of.values() for each in lists for action in each}
    specs = PortalDriver.actions
    assert actions <= specs.keys()
    assert {each for each in actions if specs[each].writes} == (journeys.WRITES & actions) | {
        "say-in-chat",
        "hold-video-class",
    }
    assert {each for each in actions if specs[each].publishes} == journeys.PUBLISHES
    assert found["student"]["homework"] == (("read-homework-list", "read-homework", "hand-in", "mark-done"),)
    assert len(found["student"]["messages"]) == 2


class House:
    """A station whose jobs say when they ended."""

    def __init__(self, *nodes: Node, **more: object) -> None:
        self.clock, self.ends = Clock(), {}  # type: Clock, dict[str, int]
        self.nodes = Nodes(self.clock, list(nodes), self._served, **more)  # type: ignore[arg-type]

    def _served(self, now_us: int, job: Job) -> None:
        self.ends[job.whose] = now_us

    def live(self) -> dict[str, int]:
        """Until nothing is left."""
        self.clock.run(iter(()), lambda *_: None, 2**62)
        return self.ends


def test_a_full_queue_refuses_and_who_is_in_a_hurry_takes_the_last_place() -> None:
    """One worker, one place: the second waits, the third is refused, a hurried fourth sends the second away."""
    house = House(Node(1, 1))
    jobs = [Job(name, US) for name in "abc"] + [Job("d", US, hurried=True)]
    assert [house.nodes.enter(0, job) for job in jobs] == [None, None, jobs[2], jobs[1]]
    assert house.live() == {"a": US, "d": 2 * US}


def test_who_leaves_the_queue_frees_a_place_and_is_not_served() -> None:
    """The place counts at once; the job's turn is passed over."""
    house = House(Node(1, 1))
    first, second, third = (Job(name, US) for name in "abc")
    house.nodes.enter(0, first)
    house.nodes.enter(0, second)
    second.node.leave(second)
    assert house.nodes.enter(0, third) is None
    assert house.live() == {"a": US, "c": 2 * US}


def test_a_pool_holds_workers_up() -> None:
    """Two workers, one connection: the second's database part waits for the first's, as in the sandbox."""
    house = House(Node(2, 9, Pool(1)))
    for name in "ab":
        house.nodes.enter(0, Job(name, US, 2 * US))
    assert house.live() == {"a": 3 * US, "b": 5 * US}


def test_a_database_is_shared_by_all_nodes() -> None:
    """One query at a time although each node has workers of its own."""
    house = House(Node(1, 9), Node(1, 9), database=Pool(1), balancer="round-robin")
    for name in "ab":
        house.nodes.enter(0, Job(name, US, 2 * US))
    assert sorted(house.live().values()) == [3 * US, 5 * US]


@pytest.mark.parametrize("balancer", ["random", "round-robin", "least-busy", "sticky"])
def test_every_way_of_the_balancer_serves_everybody(balancer: str) -> None:
    """Forty accounts on four nodes; the two ways that look deal them evenly, the others use every node."""
    nodes = [Node(1, 99) for _ in range(4)]
    house = House(*nodes, balancer=balancer)
    for account in range(40):
        house.nodes.enter(0, Job(str(account), US), account)
    waiting = [node.waiting + 1 - node.idle for node in nodes]
    assert len(house.live()) == sum(waiting) == 40
    assert min(waiting) > 0
    if balancer in ("round-robin", "least-busy"):
        assert waiting == [10] * 4


def test_a_waiting_room_looks_after_people_in_turn() -> None:
    """Two a second; with one at the desk and one place before it, the third has none left."""
    room = WaitingRoom(2, 1)
    assert [room.looked_after_us(0) for _ in range(3)] == [US // 2, US, None]
    assert room.looked_after_us(US) == US + US // 2


class Guest:
    """Somebody with a session."""

    def __init__(self, persona: str) -> None:
        self.persona, self.touched_us = persona, 0


def test_sessions_end_by_silence_and_reserved_places_are_kept() -> None:
    """Half of ten places is the pupils': five parents fill the rest, the sixth has none, a pupil has; silence frees."""
    sessions = Sessions(10, 100, {"student": 0.5})
    guests = [Guest("parent") for _ in range(5)]
    for guest in guests:
        assert sessions.has_place("parent")
        sessions.begin(0, guest)
    assert not sessions.has_place("parent")
    assert sessions.has_place("student")
    guests[0].touched_us = 50
    assert not sessions.full(100)
    assert sessions.open == 1
    assert not sessions.full(150)
    assert sessions.open == 0


def test_a_session_opens_with_the_new_password_not_with_the_form_for_it() -> None:
    """At the door the first page signs nobody on; the page that sets the password does."""
    clock, begun = Clock(), []  # type: Clock, list[int]
    node = Nodes(clock, [Node(1, 9)], lambda *_: None)
    sessions = Sessions(5, 100 * US, {})
    ours = sessions.begin
    sessions.begin = lambda now_us, whose: (begun.append(now_us), ours(now_us, whose))[1]  # type: ignore[method-assign]
    habits = Habits(90 * US, 99 * US, False, {}, lambda *_: True, False, frozenset(), renews_passwords=True)
    visits = Visits(
        clock, node, node, SimpleNamespace(page=lambda *_: None), habits, around_us=[0], database_share=[0.0],  # type: ignore[arg-type]
        services=["sign-on"], sign_on_codes=[0], landing_share=0.0, sessions=sessions, room=None,
        departed=lambda *_: None,
    )  # fmt: skip
    stays = [
        Stay("a", "student", 0, 7, at * US, "window", codes=(), gaps_us=(), work_us=(), sign_on_us=2 * US, landing_us=0)
        for at in (0, 20)
    ]
    for stay in stays:
        clock.at(stay.due_us, visits.arrive, stay)
    clock.run(iter(()), lambda *_: None, 2**62)
    assert begun == [2 * US, 20 * US]  # after the form; at once, by the password that is known by now
    assert visits.renewed == {(0, 7)}
