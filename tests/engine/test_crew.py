"""The master among its workers: who is heard, who is lost, who says goodbye, and what becomes of their shards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.engine.crew_parts import Master, plan, row

from entsurge import __version__
from entsurge.audience.shape import PERSONAS
from entsurge.engine.awake import Awake
from entsurge.engine.crew import SILENT_SECONDS
from entsurge.engine.messages import (
    AccountsMoved,
    Acknowledged,
    Begin,
    Ended,
    Gain,
    Hello,
    Leaving,
    Message,
    Ready,
    Refused,
    Release,
    Released,
)
from entsurge.plan.arrivals import SHARDS


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Callable[..., Master]]:
    """Makes a master, which is ended after the test."""
    made = []

    def make(*arguments) -> Master:
        made.append(Master(tmp_path / str(len(made)), *arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_workers_that_agree_join_and_are_dealt_all_shards(master) -> None:
    """Version, digests, seven questions of the clock; then each shard is given to one of them, from zero on."""
    found = master()
    found.join("a", "b")
    found.crew.begin()
    gains = [found.heard(worker, Gain) for worker in "ab"]
    assert sorted(shard for of in gains for gain in of for shard in gain.shards) == list(range(SHARDS))
    assert {gain.from_us for of in gains for gain in of} == {0}
    assert [len(found.heard(worker, Begin)) for worker in "ab"] == [1, 1]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Hello("0", 1, "h"), "version 0"),
        (Ready({"plan": "another"}, ""), "another digest of plan, scenario student"),
        (Ready({}, "too few file descriptors"), "too few file descriptors"),
    ],
)
def test_a_worker_that_differs_is_refused_by_name(master, said: Message, reason: str) -> None:
    """Another version, another digest or no room: refused with the reason, never given a shard."""
    found = master()
    found.join("a")
    if not isinstance(said, Hello):
        found.hears("b", Hello(__version__, 2, "h"))
    found.hears("b", said)
    found.crew.begin()
    assert reason in found.heard("b", Refused)[0].reason
    assert found.heard("b", Gain) == []


def test_a_silent_worker_is_lost_and_its_shards_go_to_the_other(master) -> None:
    """After four seconds without a word; the other takes over half a second later."""
    found = master()
    found.join("a", "b")
    found.crew.begin()
    found.seconds = SILENT_SECONDS + 0.1
    found.speak("a")
    found.crew.look()
    assert found.states("lost") == ["2@here: nothing heard for 4.1 s"]
    taken = found.heard("a", Gain)[-1]
    assert len(taken.shards) == SHARDS // 2
    assert taken.from_us == 500_000


def test_a_master_that_was_stopped_accuses_nobody(master, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped for six seconds, or for a minute: what the workers said meanwhile is heard first, then judged."""
    found, now = master(), [50.0]
    monkeypatch.setattr("entsurge.engine.awake.time.monotonic", lambda: now[0])
    found.crew.awake = Awake()
    found.join("a", "b")
    found.crew.begin()
    for pause in (6.0, 60.0):
        now[0] += pause
        found.crew.look()
        found.speak("a", "b")
    assert found.states("lost") == []
    for _ in range(20):
        now[0] += 0.25
        found.crew.look()
    assert len(found.states("lost")) == 2


def test_a_worker_that_says_goodbye_hands_its_shards_over_and_is_not_lost(master) -> None:
    """Told to stop: asked for its shards at once, gone when everything is reported; nothing of it is lost."""
    found = master([plan(0), plan(1)])
    found.join("a", "b")
    found.crew.begin()
    found.hears("a", Leaving())
    asked = found.heard("a", Release)
    assert [len(each.shards) for each in asked] == [SHARDS // 2]
    found.hears("a", Released(asked[0].number, 700_000, [("student", "g", 0)]))
    gain = found.heard("b", Gain)[-1]
    assert (len(gain.shards), gain.from_us, gain.busy) == (SHARDS // 2, 700_000, [("student", "g", 0)])
    found.report("a", 0, row(0))
    found.hears("a", Ended(1))
    assert found.heard("b", AccountsMoved)[-1] == AccountsMoved([], [("student", "g", 0)])
    found.seconds = 3.0
    found.speak("b")
    found.seconds = 6.0
    found.crew.look()
    assert found.states("lost") == []
    assert len(found.states("left")) == 1
    assert found.heard("a", Refused) == []
    assert found.stopped == ""


def test_a_leaving_worker_that_dies_on_the_way_is_lost_after_all(master) -> None:
    """Goodbye, then silence: its shards go to the other as those of any dead worker."""
    found = master()
    found.join("a", "b")
    found.crew.begin()
    found.hears("a", Leaving())
    found.seconds = SILENT_SECONDS + 0.1
    found.speak("b")
    found.crew.look()
    assert len(found.states("lost")) == 1
    assert len(found.heard("b", Gain)[-1].shards) == SHARDS // 2
    number = found.heard("a", Release)[0].number
    before = len(found.heard("b", Gain))
    found.hears("a", Released(number, 0, []))
    assert len(found.heard("b", Gain)) == before


def test_the_run_ends_when_the_last_worker_leaves(master) -> None:
    """Nobody is left to offer the plan, be it in order or by death."""
    found = master()
    found.join("a")
    found.crew.begin()
    found.hears("a", Leaving())
    assert found.stopped == "no-workers"


def test_what_nobody_reported_has_a_row_and_the_counts_are_exact(master, tmp_path: Path) -> None:
    """Three visits due, one reported, one not started by its worker: the third is `worker-lost`; the sums agree."""
    found = master([plan(0), plan(1), plan(2, due_us=10), plan(3, due_us=99_000_000)])
    found.join("a")
    found.crew.begin()
    found.report("a", 0, row(0), row(1, end="not-started"))
    found.hears("a", Ended(1))
    found.now_us = 20_000_000
    found.crew.end()
    counts = {name: sum(of.values()) for name, of in found.book.counts().items()}
    assert counts == {"offered": 3, "started": 1, "lost": 2}
    assert found.book.unreported == 1
    assert set(found.book.counts()["offered"]) == set(PERSONAS)


def test_a_report_that_comes_twice_counts_once(master) -> None:
    """Repeated because its acknowledgement was lost: acknowledged again, taken in once."""
    found = master([plan(0)])
    found.join("a")
    found.crew.begin()
    for _ in range(2):
        found.report("a", 0, row(0, 0, 1_000_000))
    assert len(found.heard("a", Acknowledged)) == 2
    assert "student/g/0/0" in found.crew.reported.names
    assert len(found.crew.reported.names) == 1


def test_what_a_lost_worker_says_is_not_counted(master) -> None:
    """Given up, it is told so; its reports would count what others have taken over."""
    found = master([plan(0)])
    found.join("a", "b")
    found.crew.begin()
    found.seconds = 10.0
    found.speak("b")
    found.crew.look()
    found.report("a", 0, row(0))
    assert "given up" in found.heard("a", Refused)[-1].reason
    assert len(found.crew.reported.names) == 0


def test_a_message_of_the_wrong_shape_is_refused_in_a_sentence(master, capsys) -> None:
    """From a stranger, a worker not in yet, one that has a part: refused by the field's name, its part moved."""
    found = master()
    found.hears_data("x", "hello", {"version": "1"})
    found.hears("b", Hello(__version__, 2, "h"))
    found.hears_data("b", "ready", {"digest": {}, "problem": ""})
    found.join("a", "c")
    found.crew.begin()
    found.hears_data("a", "report", {"sequence": 0, "pulse": None, "parcel": {}})
    assert found.heard("x", Refused)[0].reason.startswith("a message 'hello' of the wrong shape: pid: ")
    assert found.heard("b", Refused)[0].reason == "a message 'ready' of the wrong shape: digests: Field required"
    assert "a message 'report' of the wrong shape: pulse" in found.heard("a", Refused)[0].reason
    assert len(found.heard("c", Gain)[-1].shards) == SHARDS // 2
    assert "Traceback" not in capsys.readouterr().err


def test_strangers_are_counted_to_the_end(master) -> None:
    """Three connections without the secret: one event with their number."""
    found = master()
    found.join("a")
    found.crew.begin()
    for _ in range(3):
        found.seal.strangers += 1
        found.seal.on_stranger()
    found.hears("a", Ended(0))
    found.crew.end()
    assert found.states("refused") == ["strangers: 3 connections without the secret"]
