"""The waiting room as the bottleneck: its capacity is what is computed, and behind it places stay free."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from entsandbox import Settings, capacity
from entsandbox.load.waiting_room import WaitingRoom
from entsandbox.load.workers import QueueFull
from entsurge.errors import UsageError
from entsurge.population import Population

PEOPLE = Population(1)
MIX, SHARES = {"student": {"home": 1}, "parent": {"home": 1}}, {"student": 3, "parent": 1}
FAULT = frozenset({"waiting-room-overloaded"})


@pytest.mark.parametrize(
    ("settings", "ordered", "bound"),
    [
        (Settings(), frozenset(), math.inf),
        (Settings(waiting_room_per_second=3), frozenset(), 3),
        (Settings(waiting_room_per_second=3, processes=2, database="postgresql://x"), frozenset(), 6),
        (Settings(), FAULT, 1),
        (Settings(waiting_room_per_second=0.5), FAULT, 0.5),
        (Settings(waiting_room_per_second=3, unlimited=True), frozenset(), math.inf),
        (Settings(waiting_room_per_second=3), frozenset({"pupils-and-teachers-first"}), 3),
    ],
)
def test_the_bound_is_what_it_can_look_after(settings, ordered, bound):
    """Whoever comes counts, admitted or not; the fault takes the room's rate down, never up."""
    found = capacity(settings, MIX, SHARES, 5, ordered)
    assert found.bounds["waiting-room"] == bound
    assert (found.limiting == "waiting-room") is (bound < 8)
    if bound < 8:
        assert found.visits_per_second == bound
        assert found.pages_per_second == pytest.approx(bound * 5 * found.admitted_share)


def test_impossible_rooms_are_named():
    """A rate of nothing, and fewer places than none."""
    with pytest.raises(UsageError, match=r"waiting_room_places is -1.*waiting_room_per_second is 0"):
        Settings(waiting_room_per_second=0, waiting_room_places=-1)


def test_newcomers_are_looked_after_in_turn_at_its_rate():
    """Forty at 200 a second take 0.2 s, however late the loop is; who finds no place is told; a lifted limit drains."""

    async def scene():
        rate, now = [200.0], asyncio.get_running_loop().time
        room, began = WaitingRoom(lambda: rate[0], 39), now()
        crowd = [asyncio.create_task(room.look_after()) for _ in range(40)]
        await asyncio.sleep(0)
        assert room.queue == 39
        with pytest.raises(QueueFull):
            await room.look_after()
        await asyncio.gather(*crowd)
        assert now() - began >= 0.2 - 1e-6
        rate[0] = 0.001
        gone, waits = asyncio.create_task(room.look_after()), asyncio.create_task(room.look_after())
        await asyncio.sleep(0)
        rate[0] = None
        gone.cancel()
        await asyncio.wait_for(waits, 10)
        await asyncio.wait_for(room.look_after(), 10)
        assert room.queue == 0

    asyncio.run(scene())


def test_it_is_the_bottleneck_of_an_idle_ent(start):
    """At two a second, two places before it: of eight who come at once three get the form; who is inside reads on."""
    ent = start("--service-seconds", "0", "--waiting-room-places", "2", "--password-cost", "1")
    person = PEOPLE.person("student", 0)
    with ent.client() as inside, ent.client() as newcomers, ThreadPoolExecutor(8) as pool:
        ent.sign_on(inside, person)
        ordered = ent.measure("waiting-room-overloaded", lease_seconds=30, options={"per_second": 2})
        assert ordered.json()["on"]
        coming = [pool.submit(newcomers.get, "/cas/login") for _ in range(8)]
        assert inside.get(f"/etab/{person.uai}/travail").status_code == 200
        assert inside.get("/cas/login").status_code == 302  # signed on already: no newcomer
        answers = [each.result() for each in coming]
        told = [answer for answer in answers if answer.status_code == 503]
        assert len(told) == 5
        assert all("elle-même est pleine" in answer.text for answer in told)
        assert all(answer.headers["retry-after"] == "30" for answer in told)
        assert sum('name="execution"' in answer.text for answer in answers) == 3
        metrics = httpx.get(f"{ent.url}/metrics").text
        assert 'measure_effects_total{measure="waiting-room-overloaded",persona="none"} 5.0' in metrics
        assert "entsandbox_waiting_room_queue 0.0" in metrics
        assert "entsandbox_workers_busy 0.0" in metrics
        ent.measure("waiting-room-overloaded", on=False)
        assert {httpx.get(f"{ent.url}/cas/login").status_code for _ in range(5)} == {200}


def test_a_narrow_room_from_the_start_hangs_up_where_the_ent_does(start):
    """`--waiting-room-per-second` without an order; with `close` whoever finds no place gets no answer."""
    ent = start("--waiting-room-per-second", "1", "--waiting-room-places", "0", "--refusal", "close")

    def come(_):
        try:
            return httpx.get(f"{ent.url}/cas/login", timeout=30).status_code
        except httpx.RemoteProtocolError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, range(4))) == [0, 0, 0, 200]
