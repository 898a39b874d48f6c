"""One run in one process: plan, reach the target, warm up, offer the window, drain, write the end down."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from locust import User, task
from locust.env import Environment

from entsurge import __version__, content, errors
from entsurge.audience import profile as profiles
from entsurge.audience.shape import PERSONAS
from entsurge.chaos import experiment
from entsurge.drivers import driver as drivers
from entsurge.engine import manifest as manifests
from entsurge.engine.measures import Measures
from entsurge.engine.scheduler import Scheduler
from entsurge.engine.second import Seconds
from entsurge.engine.spec import RunSpec
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups, population
from entsurge.record.recorder import Recorder
from entsurge.record.run_directory import RunDirectory
from entsurge.visit.allow import AllowList
from entsurge.visit.client import Client
from entsurge.visit.failure import ClientError
from entsurge.visit.stage import Stage
from entsurge.visit.visitor import Visitor

if TYPE_CHECKING:
    from types import ModuleType

    from entsurge.audience.shape import Persona

REACH_SECONDS = 5.0
END_CODES = {
    "completed": errors.PASS, "interrupted": errors.INTERRUPTED, "unreachable": errors.UNREACHABLE,
    "disk": errors.NO_RECORD, "guard": errors.GUARD,
}  # fmt: skip


def main(text: str, locust_version: str) -> int:
    """Run what the specification says; the exit code tells how the run ended, not what the verdict is."""
    try:
        return END_CODES[Run(RunSpec.from_json(text), locust_version).run()]
    except errors.EntsurgeError as error:
        print(f"entsurge: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code


def load_scenarios(given: dict[str, str]) -> tuple[dict[Persona, type[Visitor]], dict[Persona, Path]]:
    """One scenario class per persona, shipped or given by path. Raises UsageError when a file has none."""
    paths = {persona: content.find("scenarios", given.get(persona, persona)) for persona in PERSONAS}
    return {persona: _scenario(content.load_module(path), persona, path) for persona, path in paths.items()}, paths


def _scenario(module: ModuleType, persona: Persona, path: Path) -> type[Visitor]:
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, Visitor) and getattr(found, "persona", "") == persona:
            return found
    raise errors.UsageError(f"{path}: no subclass of Visitor with persona = {persona!r}")


class Idle(User):
    """The one user that Locust's runner believes in; visits are started by our own scheduler."""

    fixed_count = 1

    @task
    def wait(self) -> None:
        """Do nothing until the run ends."""
        gevent.sleep(3600)


class Run:
    """One run, from its specification to its finish.json."""

    def __init__(self, spec: RunSpec, locust_version: str) -> None:
        self.spec, self.parent = spec, os.getppid()
        self.profile = profiles.load(spec.profile, overrides=spec.overrides)
        self.experiments = [experiment.load(name) for name in spec.chaos]
        self.scenarios, self.scenario_paths = load_scenarios(spec.scenarios)
        self.people = population(self.profile)
        self.arrivals = Arrivals(self.profile, groups(self.profile))
        self.directory = RunDirectory(Path(spec.out))
        self.recorder = Recorder(self.directory)
        self.stage = self._stage()
        self.end, self.ended = "completed", Event()
        self.manifest = manifests.manifest(
            spec,
            self.profile,
            self.people,
            self.arrivals,
            self.experiments,
            self.scenario_paths,
            locust_version,
        )
        self.directory.write_json("manifest.json", self.manifest)

    def _stage(self) -> Stage:
        run = Path(self.spec.out).name
        return Stage(
            driver=drivers.make(self.spec.driver, self.spec.url),
            population=self.people,
            record=self.recorder,
            allow=AllowList(),
            patience={persona: self.profile.mixes.mix(persona).patience for persona in PERSONAS},
            deadline_seconds=self.profile.file.replay.page_deadline_seconds,
            phases=[
                (each["name"], int(each["start_s"] * 1e6), int(each["end_s"] * 1e6))
                for each in manifests.phases(self.profile)
            ],
            headers={"User-Agent": f"entsurge/{__version__} (load test)", "X-Entsurge-Run": run},
        )

    def stop(self, end: str) -> None:
        """End the run before its time; the first reason given stays."""
        if not self.ended.is_set():
            self.end = end
            self.ended.set()

    def run(self) -> str:
        """Run to the end; how it ended: completed, interrupted, unreachable, disk or guard."""
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self.stop, "interrupted")
        try:
            if not self._reachable():
                self.end = "unreachable"
                print(f"entsurge: {self.spec.url}: nothing answers", file=sys.stderr)
                self._finish(None)
                return self.end
            return self._offer()
        except errors.CannotRecord as error:
            print(f"entsurge: {error}\n  {error.hint}", file=sys.stderr)
            return "disk"
        finally:
            self.directory.close()

    def _reachable(self) -> bool:
        client = Client(allow=self.stage.allow, headers=self.stage.headers)
        try:
            client.request("GET", self.spec.url, deadline_seconds=REACH_SECONDS)
        except ClientError:
            return False
        finally:
            client.close()
        return True

    def _offer(self) -> str:
        environment = Environment(user_classes=[Idle], host=self.spec.url)
        environment.entsurge = self.stage  # type: ignore[attr-defined]
        scheduler = Scheduler(self.arrivals, self.scenarios, environment, most=self.profile.file.replay.max_visitors)
        seconds = Seconds(self, environment, scheduler)
        self.all_started = False
        started = environment.events.test_start
        started.add_listener(  # type: ignore[no-untyped-call]
            lambda **_: gevent.spawn(scheduler.run).link(self._planned_through)
        )
        with Measures(self.experiments, self.stage, self.directory, url=self.spec.url) as measures:
            runner = environment.create_local_runner()
            self.stage.zero = time.monotonic()
            self._event("run", "run", "started")
            ticking = gevent.spawn(seconds.run)
            runner.start(1, 1)
            self._wait(scheduler)
            measures.end()
        scheduler.visits.kill(timeout=5)
        runner.quit()
        ticking.kill()
        seconds.last()
        self._event("run", "run", self.end)
        self._finish(seconds)
        return self.end

    def _planned_through(self, greenlet: Any) -> None:
        if not greenlet.successful():
            self.stop("interrupted")
        self.all_started = True

    def _wait(self, scheduler: Scheduler) -> None:
        """Until the visits are over, the drain has passed, or somebody stops the run."""
        last = self.manifest["phases"][-1]["end_s"]
        while not self.ended.wait(0.05):
            now = self.stage.now_us() / 1e6
            if now >= last or (self.all_started and not len(scheduler.visits) and now >= last - self._drain()):
                return
            if os.getppid() != self.parent:
                self.stop("interrupted")

    def _drain(self) -> float:
        return float(self.profile.file.replay.drain_seconds)

    def _event(self, kind: str, identity: str, state: str, detail: str = "") -> None:
        row = {
            "t": round(self.stage.now_us() / 1e6, 3),
            "kind": kind,
            "id": identity,
            "state": state,
            "detail": detail,
        }
        self.directory.append("events.jsonl", row)

    def _finish(self, seconds: Seconds | None) -> None:
        known = seconds.totals() if seconds else {"offered": 0, "started": 0, "lost": 0}
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        self.directory.write_json("finish.json", {"ended_utc": ended, "end": self.end, **known})
