"""A crew with everything real but Locust's runner and the workers: what they say is put in, what they hear is kept."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgpack

from entsurge import __version__
from entsurge.audience.persona import SHIPPED, by_key
from entsurge.audience.shape import PERSONAS
from entsurge.engine.book import Book
from entsurge.engine.crew import Crew
from entsurge.engine.messages import (
    ClockAsked,
    ClockTold,
    Hello,
    M,
    Message,
    Parcel,
    PresenceTold,
    Pulse,
    Ready,
    Report,
    Vitals,
    from_wire,
    to_wire,
)
from entsurge.plan.arrivals import PagePlan, VisitPlan
from entsurge.record.writer import RunDirectory
from entsurge.visit.log import VisitLog

DIGESTS = {"plan": "same", "scenario student": "same"}
MANIFEST: dict[str, Any] = {
    "name": "unit", "objectives": [],
    "phases": [
        {"name": "warm-up", "start_s": 0.0, "end_s": 0.0},
        {"name": "surge", "start_s": 0.0, "end_s": 10.0},
        {"name": "drain", "start_s": 10.0, "end_s": 20.0},
    ],
}  # fmt: skip


def plan(number: int, *, due_us: int = 0, account: int | None = None) -> VisitPlan:
    """A visit of one page by the student of this number."""
    whose = number if account is None else account
    return VisitPlan(f"student/g/0/{number}", "student", "g", whose, due_us, "surge", (PagePlan("home", 0),))


def row(number: int, start_us: int = 0, end_us: int = 0, **more: Any) -> dict[str, Any]:
    """What visits.arrows holds of such a visit that was lived."""
    log = VisitLog(plan(number), start_us, start_us)
    log.end, log.sign_on = "completed", "ok"
    return log.row(end_us) | more


def pulse(second: int = 0, **more: Any) -> Pulse:
    """A worker's second in which nothing happened, but for what is said otherwise."""
    zero = dict.fromkeys(PERSONAS, 0)
    known = {
        "offered": zero, "started": zero, "lost": zero, "present": zero, "presence": PresenceTold(0, 0), "lags_us": [],
        "retries": dict.fromkeys(("due", "started", "given_up", "lost"), zero), "unreachable": 0, "answers": 0,
        "signatures": {}, "limits": {}, "over": False, "health": Vitals(0.1, [], 5, 100),
    } | more  # fmt: skip
    return Pulse(second=second, **known)


def numbered(sequence: int) -> Report:
    """An empty report of this number."""
    return Report(sequence, pulse(), Parcel(0, [], [], [], []))


def book(folder: Path) -> Book:
    """A book over a run directory in this folder, ten seconds of window from zero on."""
    return Book(MANIFEST, RunDirectory(folder), SimpleNamespace(stats=None), shown=False)


class Runner:
    """In the place of Locust's master runner: keeps what is sent, has no wire."""

    def __init__(self) -> None:
        self.listeners: dict[str, Any] = {}
        self.sent: list[tuple[str, Any, str]] = []

    def register_message(self, name: str, listener: Any, concurrent: bool = False) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: dict[str, Any], client_id: str) -> None:
        travelled = msgpack.loads(msgpack.dumps(data), strict_map_key=False)
        self.sent.append((name.removeprefix("entsurge-"), travelled, client_id))

    def quit(self) -> None:
        self.listeners.clear()


class Master:
    """A crew of a run that exists only here; `now_us` is the run's time, `awake` the master's."""

    def __init__(self, folder: Path, arrivals: list[VisitPlan] | None = None) -> None:
        self.now_us, self.seconds, self.stopped = 0, 0.0, ""
        self.events: list[tuple[str, str, str]] = []
        self.book, self.runner = book(folder), Runner()
        self.directory = self.book.directory
        spec = SimpleNamespace(processes=1, workers=2, url="http://127.0.0.1:9", to_json=lambda: "{}")
        profile = SimpleNamespace(personas=by_key(SHIPPED))
        prepared = SimpleNamespace(digests=lambda: DIGESTS, arrivals=arrivals or [], profile=profile)
        context = SimpleNamespace(zero=100.0, now_us=lambda: self.now_us)
        run = SimpleNamespace(
            run_context=context, spec=spec, prepared=prepared, directory=self.directory, book=self.book,
            event=self._event, stop=self._stop,
        )  # fmt: skip
        self.seal = SimpleNamespace(secret="known to all here", strangers=0, on_stranger=None)
        self.crew = Crew(run, SimpleNamespace(runner=self.runner), self.seal)  # type: ignore[arg-type]
        self.crew.awake = SimpleNamespace(seconds=lambda: self.seconds)  # type: ignore[assignment]

    def _event(self, kind: str, identity: str, state: str, detail: str = "") -> None:
        self.events.append((identity, state, detail))

    def _stop(self, end: str) -> None:
        self.stopped = self.stopped or end

    def hears(self, worker: str, message: Message) -> None:
        """A worker says this; it goes over the wire."""
        travelled = msgpack.loads(msgpack.dumps(to_wire(message)), strict_map_key=False)
        self.hears_data(worker, message.name, travelled)

    def hears_data(self, worker: str, name: str, data: object) -> None:
        """A worker sends this under a message's name, whatever its shape."""
        self.runner.listeners[f"entsurge-{name}"](msg=SimpleNamespace(node_id=worker, data=data))

    def speak(self, *workers: str) -> None:
        """These workers say something, whatever it is: they are alive."""
        for worker in workers:
            self.hears(worker, ClockTold(0.0, 0.0))

    def heard(self, worker: str, kind: type[M]) -> list[M]:
        """All messages of this kind that a worker was sent."""
        return [from_wire(kind, data) for sent, data, to in self.runner.sent if (sent, to) == (kind.name, worker)]

    def states(self, state: str) -> list[str]:
        """Which workers came into this state, and why."""
        return [f"{identity}: {detail}" for identity, found, detail in self.events if found == state]

    def join(self, *workers: str) -> None:
        """These workers come and agree on everything."""
        for worker in workers:
            self.hears(worker, Hello(__version__, 1000 + len(self.crew.members), "here"))
            self.hears(worker, Ready(DIGESTS, ""))
            while not self.crew.members[worker].joined:
                self.hears(worker, ClockTold(self.heard(worker, ClockAsked)[-1].sent, 5.0))

    def report(self, worker: str, sequence: int, *rows: dict[str, Any], **more: Any) -> None:
        """A worker's second: visits that ended, and its pulse."""
        parcel = Parcel(sequence, keys=[], columns=[], visits=list(rows), lines=[])
        self.hears(worker, Report(sequence, pulse(sequence, **more), parcel))

    def close(self) -> None:
        """End what was started."""
        self.crew.close()
        self.directory.close()
