"""Lives short visits through the engine's own scheduler, visitor, recorder, pulse and book; prints `little` as JSON.

`python short_visits.py CASE`: `sound`; `departure` (one is dropped); `rows` (every tenth is); `dead` (a second process
falls silent in the middle), `late` (one comes then); `present` (visits outlast the run); `cut` (likewise, and the
process was told to stop); `retries` (all fail once).
"""

import locust  # isort: skip  # noqa: F401  it patches the process, as in the engine

import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import gevent

from entsurge.audience.shape import PERSONAS, Patience
from entsurge.client.access import Access
from entsurge.engine.book import Book
from entsurge.engine.pulse import Pulses
from entsurge.engine.scheduler import Scheduler
from entsurge.plan.arrivals import PagePlan, VisitPlan
from entsurge.record.parcel import Outbox
from entsurge.record.recorder import Recorder
from entsurge.record.writer import RunDirectory
from entsurge.scenario import Visitor, journey
from entsurge.visit.driver import Account, ActionSpec
from entsurge.visit.outcome import Outcome, PageResult
from entsurge.visit.presence import Presence, Span
from entsurge.visit.run_context import RunContext

WINDOW = Span(200_000, 1_700_000)
END_SECONDS = 2.0
PHASES = [("warm-up", 0.0, 0.2), ("surge", 0.2, 1.7), ("drain", 1.7, 2.0)]


class Quick:
    """A driver whose pages take 3 ms, or 40 s where visits outlast the run; first attempts fail where all fail once."""

    actions = {"open-home": ActionSpec("home")}

    def __init__(self, case: str) -> None:
        self.case = case

    def sign_on(self, visitor: Visitor, account: Account) -> PageResult:
        fails = self.case == "retries" and not visitor.plan.attempt
        return PageResult(Outcome.FAILED, "as planned") if fails else PageResult(Outcome.OK)

    def open(self, visitor: Visitor, service: str, action: str) -> PageResult:
        gevent.sleep(40 if self.case in ("present", "cut") and visitor.plan.account % 5 == 0 else 0.003)
        return PageResult(Outcome.OK, "200")


class Caller(Visitor):
    """Opens one page."""

    persona = "student"

    @journey("home")
    def call(self):
        yield "open-home"

    def _account(self, context: RunContext) -> Account:
        return Account("student", "x", "x", "x", "x")


class Process:
    """One worker: 200 visits of 3 to 30 ms, all beginning in the first few ms of a fifth of a second."""

    def __init__(self, name: str, case: str, zero: float) -> None:
        self.name, self.box, self.pages = name, Outbox(), Counter()
        self.recorder = Recorder(self.box)
        self.context = RunContext(
            driver=Quick(case), population=None, record=self.recorder, access=Access(), zero=zero,
            patience=dict.fromkeys(PERSONAS, Patience(shed=1, failed=2)), deadline_seconds=5, presence=Presence(WINDOW),
            comeback=SimpleNamespace(delay_us=lambda plan: 50_000 if not plan.attempt else None),
        )  # fmt: skip
        plans = [
            VisitPlan(f"{name}/{n}", "student", name, n, n // 20 * 200_000 + n % 20 * 500, "surge",
                      (PagePlan("home", n % 10 * 3000),))
            for n in range(200)
        ]  # fmt: skip
        environment = SimpleNamespace(entsurge=self.context, events=SimpleNamespace(), runner=None, host="")
        environment.stop_timeout = None
        self.scheduler = Scheduler(plans, {"student": Caller}, environment, most=1000)
        self.pulse = Pulses(self.context, self.scheduler, self.recorder)
        self.offering = gevent.spawn(self.scheduler.run)

    def report(self, book: Book) -> None:
        second = int(self.context.now_us() / 1e6)
        self.recorder.fold(second)
        book.pulse(self.name, self.pulse.take(second))
        rows = self.box.take(second)["visits"]
        book.visits(rows)
        self.pages.update({name: sum(row[name] for row in rows) for name in ("planned", "ok", "lost", "unserved")})


def drop(process: Process, case: str) -> None:
    """Lose the first departure, or every tenth row, of the visits to come."""
    presence, recorder, calls = process.context.presence, process.recorder, itertools.count()
    depart, visit = presence.depart, recorder.visit
    if case == "departure":
        presence.depart = lambda *whose: None if next(calls) == 0 else depart(*whose)
    else:
        recorder.visit = lambda row: None if next(calls) % 10 == 0 else visit(row)


def main(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        phases = [{"name": name, "start_s": begin, "end_s": end} for name, begin, end in PHASES]
        manifest = {"name": case, "objectives": [], "phases": phases}
        directory = RunDirectory(Path(folder) / "run")
        book = Book(manifest, directory, SimpleNamespace(stats=None), shown=False)
        zero = time.monotonic()
        processes = [Process("one", case, zero)]
        if case == "rows":
            drop(processes[0], case)
        if case == "dead":
            processes.append(Process("two", case, zero))
        passed = False
        while time.monotonic() - zero < END_SECONDS:
            gevent.sleep(0.03)
            for process in processes:
                process.report(book)
            if not passed and time.monotonic() - zero > 0.805:
                passed = True
                if case == "departure":
                    drop(processes[0], case)
                elif case == "late":
                    processes.append(Process("two", case, zero))
                elif case == "dead":
                    book.lose(processes.pop().name)
        for process in processes:
            process.context.cuts_short = case == "cut"
            process.scheduler.close(2)
            process.report(book)
        directory.close()
        more = {"retries": sum(book.retries()["started"].values()), "limits": book.totals()["limits"]}
        print(json.dumps(book.totals()["little"] | more | {"pages": processes[0].pages}))


if __name__ == "__main__":
    main(sys.argv[1])
