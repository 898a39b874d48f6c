"""One run: reach the target, write the manifest, offer the plan here or by workers, write the end down."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import gevent
from gevent.event import Event

from entsurge import errors
from entsurge.engine import manifest as manifests
from entsurge.engine.book import Book
from entsurge.engine.crew import Crew
from entsurge.engine.listen import master
from entsurge.engine.local import Local
from entsurge.engine.perturbations import Perturbations, check_perturbations
from entsurge.engine.prepared import Prepared
from entsurge.engine.pushgateway import PushGateway, check_gateway
from entsurge.engine.reach import reach
from entsurge.engine.scrape import Scraper, endpoints
from entsurge.engine.spec import RunSpec
from entsurge.engine.web_page import web_page
from entsurge.engine.workers_secret import secret_of_environment
from entsurge.metrics.ports import free_port
from entsurge.plan.phases import phases
from entsurge.record.recorder import Recorder
from entsurge.record.writer import RunDirectory
from entsurge.said import said
from entsurge.targets.file import check_authorised_to_its_end
from entsurge.targets.guard import Watch
from entsurge.terminal import here

if TYPE_CHECKING:
    from locust.env import Environment

    from entsurge.visit.run_context import RunContext

LOOK_SECONDS = 0.2  # how often to see whether the window is over: 20 times a second was a third of an idle run
END_CODES = {
    "completed": errors.PASS, "interrupted": errors.INTERRUPTED, "unreachable": errors.UNREACHABLE,
    "no-workers": errors.INVALID, "disk": errors.NO_RECORD, "guard": errors.GUARD,
    "failed": errors.UNEXPECTED,
}  # fmt: skip


class Offering(Protocol):
    """Whoever offers the plan: this process (local.py) or a crew of workers (crew.py)."""

    environment: Environment
    delay_seconds: float  # how long after a second's end everything of it is known

    def gather(self) -> None:
        """Be ready to begin. Raises EntsurgeError."""
        ...

    def begin(self) -> None:
        """Run time is zero now."""
        ...

    def tick(self, second: int) -> None:
        """Bring the book up to date with this second. Raises CannotRecord."""
        ...

    def over(self) -> bool:
        """Whether every planned visit has been offered and has come to its end."""
        ...

    def end(self) -> None:
        """Interrupt what still lives and take in what it came to."""
        ...


def main(text: str, locust_version: str) -> int:
    """Run what the specification says; the exit code tells how the run ended, not what the verdict is."""
    try:
        return END_CODES[Run(RunSpec.from_json(text), locust_version).run()]
    except errors.EntsurgeError as error:
        print(f"entsurge: {here(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"  {here(error.hint)}", file=sys.stderr)
        return error.exit_code


class Run:
    """One run, from its specification to its finish.json."""

    def __init__(self, spec: RunSpec, locust_version: str) -> None:
        self.spec = spec
        self.parent = int(os.environ.get("ENTSURGE_PARENT") or os.getppid())  # it may have died while this was loaded
        self.prepared = Prepared(spec)
        processes = max(1, spec.processes, spec.workers)
        self.prepared.check_room(processes)
        if self.prepared.target is not None:
            now = datetime.now(UTC).astimezone()
            check_authorised_to_its_end(self.prepared.target, now, phases(self.prepared.profile)[-1]["end_s"])
        self.directory: RunDirectory = RunDirectory(Path(spec.out), lazily=True)
        self.recorder = Recorder(self.directory)
        self.run_context: RunContext = self.prepared.run_context(self.recorder)
        access = self.run_context.access
        self.gateway = access.without_secrets().blocking(loopback=True)
        check_gateway(spec.push_gateway, self.gateway)
        self.web_port = free_port(spec.web_port, "--web-port")
        free_port(spec.exporter_port, "--exporter-port", spec.exporter_host)
        if spec.workers:
            secret_of_environment(bind=spec.bind.rpartition(":")[0])
        reached = reach(spec.url, access)
        check_perturbations(self.prepared.planned, spec, access)
        asked = [*spec.scrape, *(each.model_dump() for each in self.prepared.profile.file.scrape)]
        self.endpoints = endpoints(asked, spec.url, access, embedded=self.prepared.target is None)
        self.manifest = manifests.manifest(spec, self.prepared, locust_version, reached)
        self.directory.open()
        self.directory.write_json("manifest.json", self.manifest, durably=True)
        self.directory.write_json("engine.pid", os.getpid())
        limits = self.prepared.target.file.limits.guard if self.prepared.target else None
        self.guard = Watch(limits) if limits else None
        self.end, self.ended = "completed", Event()

    def stop(self, end: str) -> None:
        """End the run before its time; the first reason given stays."""
        if not self.ended.is_set():
            self.end = end
            self.ended.set()

    def run(self) -> str:
        """Run to the end; how it ended: completed, interrupted, unreachable, disk or guard."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            gevent.signal_handler(number, self.stop, "interrupted")
        try:
            return self._offer()
        except errors.CannotRecord as error:
            print(f"entsurge: {here(error.message)}\n  {here(error.hint)}", file=sys.stderr)
            return "disk"
        finally:
            self.directory.close()

    def _offer(self) -> str:
        alone = self.spec.processes <= 1 and not self.spec.workers
        offering: Local | Crew = Local(self) if alone else self._crew()
        environment = offering.environment
        self.book = Book(self.manifest, self.directory, environment, shown=self.spec.progress)
        if self.guard:
            self.book.listeners.append(self.guard.fold)
        self._say_ports(self.book.exporter.serve(self.spec.exporter_port, self.spec.exporter_host))
        pushing = PushGateway(
            self.spec.push_gateway, self.gateway, self.book.exporter, self.directory.path.name, self.book.progress.say
        )
        try:
            with pushing, self.book.progress, web_page(self.web_port, environment, self.book, self.stop):
                offering.gather()
                if not self.ended.is_set():
                    self._perturbed(offering)
                self._close(offering)
        finally:
            offering.close()
        return self.end

    def _say_ports(self, exporter: int) -> None:
        """Where what was asked for is served, when the port asked for was taken."""
        for option, asked, found in (
            ("--exporter-port", self.spec.exporter_port, exporter),
            ("--web-port", self.spec.web_port, self.web_port),
        ):
            if asked not in (0, found):
                told = said("{option} {asked} is taken: served on {found}", option=option, asked=asked, found=found)
                self.book.progress.say(told)

    def _crew(self) -> Crew:
        environment, seal = master(self.spec)
        return Crew(self, environment, seal)

    def _perturbed(self, offering: Local | Crew) -> None:
        """The window, amid what is planned to disturb it."""
        with Perturbations(self) as self.perturbations:
            with Scraper(self.endpoints, self.run_context, self.directory) as scraper:
                self._window(offering, scraper)
            self.perturbations.end("normal" if self.end == "completed" else self.end)

    def _window(self, offering: Offering, scraper: Scraper) -> None:
        self.run_context.zero = time.monotonic()
        scraper.begin()
        self.event("run", "run", "started")
        self.perturbations.begin()
        offering.begin()
        ticking = gevent.spawn(self._seconds, offering)
        last = self.manifest["phases"][-1]["end_s"]
        begin_of_drain = self.manifest["phases"][-1]["start_s"]
        while not self.ended.wait(LOOK_SECONDS):
            now = self.run_context.now_us() / 1e6
            if now >= last or (now >= begin_of_drain and offering.over()):
                break
            if os.getppid() != self.parent:
                self.stop("interrupted")
        ticking.kill()

    def _seconds(self, offering: Offering) -> None:
        """Tick at every whole second of run time until killed."""
        second = 0
        while True:
            gevent.sleep(max(0.0, second + 1 + offering.delay_seconds - self.run_context.now_us() / 1e6))
            try:
                offering.tick(second)
                self.book.second(second)
                self.perturbations.second(second, self.book.take_second())
            except errors.CannotRecord as error:
                self.book.progress.say(f"{error}; {error.hint}")
                self.stop("disk")
                return
            if self.book.unreachable_since(second):
                self.book.progress.say(said("{url}: nothing has answered for ten seconds", url=self.spec.url))
                self.stop("unreachable")
            self._guard(second)
            second += 1

    def _guard(self, second: int) -> None:
        """End the run when the target's own limits say so."""
        reason = self.guard.trips(second) if self.guard else ""
        if reason and not self.ended.is_set():
            self.event("guard", "target", "tripped", reason)
            self.book.progress.say(said("a guard ends the run: {reason}", reason=reason))
            self.stop("guard")

    def _close(self, offering: Offering) -> None:
        self.ended.set()
        if not self.run_context.zero:  # asked to end before it began: nothing was due
            self.run_context.zero = time.monotonic()
        try:
            offering.end()
        except errors.CannotRecord:
            self.end = "disk"
        self.event("run", "run", self.end)
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        known = self.book.totals()
        self.directory.write_json("finish.json", {"ended_utc": ended, "end": self.end, **known}, durably=True)

    def event(self, kind: str, identity: str, state: str, detail: str = "") -> None:
        """Write one line of events.jsonl."""
        t = round(self.run_context.now_us() / 1e6, 3) if self.run_context.zero else 0.0
        self.directory.append("events.jsonl", {"t": t, "kind": kind, "id": identity, "state": state, "detail": detail})
