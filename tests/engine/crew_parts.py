"""A crew with everything real but Locust's runner and the workers: what they say is put in, what they hear is kept."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from entsurge import __version__
from entsurge.audience.shape import PERSONAS
from entsurge.engine.book import Book
from entsurge.engine.crew import Crew
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


def pulse(second: int = 0, **more: Any) -> dict[str, Any]:
    """A worker's second in which nothing happened, but for what is said otherwise."""
    zero = dict.fromkeys(PERSONAS, 0)
    return {
        "second": second, "offered": zero, "started": zero, "lost": zero, "present": zero,
        "presence": {"area_us": 0, "open_us": 0},
        "retries": dict.fromkeys(("due", "started", "given_up", "lost"), zero), "lags_us": [], "unreachable": 0,
        "answers": 0, "signatures": {}, "limits": {}, "over": False,
        "health": {"cpu_share": 0.1, "stalls_us": [], "descriptors": 5, "descriptors_most": 100},
    } | more  # fmt: skip


def book(folder: Path) -> Book:
    """A book over a run directory in this folder, ten seconds of window from zero on."""
    return Book(MANIFEST, RunDirectory(folder), SimpleNamespace(stats=None), shown=False)


class Runner:
    """In the place of Locust's master runner: keeps what is sent, has no wire."""

    def __init__(self) -> None:
        self.listeners: dict[str, Any] = {}
        self.sent: list[tuple[str, dict[str, Any], str]] = []

    def register_message(self, name: str, listener: Any, concurrent: bool = False) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: dict[str, Any], client_id: str) -> None:
        self.sent.append((name.removeprefix("entsurge-"), data, client_id))

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
        prepared = SimpleNamespace(digests=lambda: DIGESTS, arrivals=arrivals or [])
        context = SimpleNamespace(zero=100.0, now_us=lambda: self.now_us)
        run = SimpleNamespace(
            run_context=context, spec=spec, prepared=prepared, directory=self.directory, book=self.book,
            event=self._event, stop=self._stop,
        )  # fmt: skip
        self.crew = Crew(run, SimpleNamespace(runner=self.runner))  # type: ignore[arg-type]
        self.crew.awake = SimpleNamespace(seconds=lambda: self.seconds)  # type: ignore[assignment]

    def _event(self, kind: str, identity: str, state: str, detail: str = "") -> None:
        self.events.append((identity, state, detail))

    def _stop(self, end: str) -> None:
        self.stopped = self.stopped or end

    def hears(self, worker: str, name: str, **data: Any) -> None:
        """A worker says this."""
        self.runner.listeners[f"entsurge-{name}"](msg=SimpleNamespace(node_id=worker, data=data))

    def heard(self, worker: str, name: str) -> list[dict[str, Any]]:
        """All messages of this name that a worker was sent."""
        return [data for sent, data, to in self.runner.sent if (sent, to) == (name, worker)]

    def states(self, state: str) -> list[str]:
        """Which workers came into this state, and why."""
        return [f"{identity}: {detail}" for identity, found, detail in self.events if found == state]

    def join(self, *workers: str) -> None:
        """These workers come and agree on everything."""
        for worker in workers:
            self.hears(worker, "hello", version=__version__, host="here", pid=1000 + len(self.crew.members))
            self.hears(worker, "ready", digests=DIGESTS, problem="")
            while not self.crew.members[worker].joined:
                self.hears(worker, "clock", sent=self.heard(worker, "clock")[-1]["sent"], there=5.0)

    def report(self, worker: str, sequence: int, *rows: dict[str, Any], **more: Any) -> None:
        """A worker's second: visits that ended, and its pulse."""
        parcel = {"second": sequence, "keys": [], "columns": [], "visits": list(rows), "lines": []}
        self.hears(worker, "report", sequence=sequence, pulse=pulse(sequence, **more), parcel=parcel)

    def close(self) -> None:
        """End what was started."""
        self.crew.close()
        self.directory.close()
