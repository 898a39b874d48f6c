"""What happens once a second: fold the record, sample the gauges, feed exporter and Locust, show the progress."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import gevent

from entsurge.engine import locust_statistics
from entsurge.engine.progress import Progress
from entsurge.errors import CannotRecord
from entsurge.record.exporter import Exporter

if TYPE_CHECKING:
    from entsurge.engine.run import Run
    from entsurge.engine.scheduler import Scheduler

UNREACHABLE_SECONDS = 10
ENOUGH_VISITS = 100
LAGS = {"p50": 0.5, "p99": 0.99, "max": 1.0}


class Seconds:
    """The run's once-a-second work, and the totals that it adds up."""

    def __init__(self, run: Run, environment: Any, scheduler: Scheduler) -> None:
        self.run_, self.scheduler, self.stage, self.recorder = run, scheduler, run.stage, run.recorder
        self.exporter = Exporter()
        self.exporter.serve(run.spec.exporter_port)
        self.progress = Progress(run.manifest, shown=run.spec.progress)
        self.recorder.listeners += [
            self.exporter.fold, self.progress.fold, lambda fold: locust_statistics.feed(environment, fold),
        ]  # fmt: skip
        self.cpu, self.cpu_since, self.wall_since = 0.0, time.process_time(), time.monotonic()
        self.started_at = (self.cpu_since, self.wall_since)
        self.lags_us: list[int] = []
        self.gauge: list[int] = []
        self.refused_since: float | None = None
        self.phase = ""
        self.visit_us = 0
        self.visit_count, self.visit_length_us = 0, 0

    def run(self) -> None:
        """Tick at every whole second of run time until killed."""
        second = 0
        with self.progress:
            while True:
                wait = second + 1 - self.stage.now_us() / 1e6
                if wait > 0:
                    gevent.sleep(wait)
                try:
                    self.tick(second)
                except CannotRecord as error:
                    self.progress.say(f"{error}; {error.hint}")
                    self.run_.stop("disk")
                    return
                second += 1

    def tick(self, second: int) -> None:
        """One second's work."""
        self._phase(second)
        self._account_visits()
        present: dict[str, int] = {str(persona): count for persona, count in self.stage.present.items()}
        lags = self.stage.lags_us
        self.stage.lags_us = []
        self.lags_us.extend(lags)
        self._processor()
        p99 = _quantile(lags, 0.99)
        totals = {
            "offered": self.scheduler.offered,
            "started": self.scheduler.started,
            "lost": self.scheduler.lost,
        }
        sums = {name: sum(counts.values()) for name, counts in totals.items()}
        row = {
            "t": second + 1,
            **sums,
            "visitors": present,
            "start_lag_p99_us": p99,
            "cpu_share": round(self.cpu, 4),
        }
        self.recorder.directory.append("gauges.jsonl", row)
        if self._in_window(second + 1):
            self.gauge.append(sum(present.values()))
        self.exporter.gauge(totals, present, p99 / 1e6)
        self.progress.gauge(second + 1, sums, present)
        self.recorder.fold(second)
        self._watch_reach(second)

    def last(self) -> None:
        """The fold after the last tick, with what ended since."""
        try:
            self._account_visits()
            self.recorder.fold(int(self.stage.now_us() / 1e6))
        except CannotRecord:
            self.run_.end = "disk"

    def _phase(self, second: int) -> None:
        for phase in self.run_.manifest["phases"]:
            if phase["start_s"] <= second < phase["end_s"] and phase["name"] != self.phase:
                self.phase = phase["name"]
                row = {"t": second, "kind": "phase", "id": self.phase, "state": "began", "detail": ""}
                self.recorder.directory.append("events.jsonl", row)

    def _window(self) -> tuple[float, float]:
        window = self.run_.manifest["phases"][1]
        return window["start_s"], window["end_s"]

    def _in_window(self, t: float) -> bool:
        begin, end = self._window()
        return begin < t <= end

    def _account_visits(self) -> None:
        """Add the finished visits' time inside the window: the other side of Little's law."""
        begin, end = (int(edge * 1e6) for edge in self._window())
        for row in self.recorder.finished_visits:
            self.visit_us += max(0, min(row["end_us"], end) - max(row["start_us"], begin))
            self.visit_count += row["phase"] != "warm-up"
            self.visit_length_us += (row["end_us"] - row["start_us"]) if row["phase"] != "warm-up" else 0

    def _processor(self) -> None:
        cpu, wall = time.process_time(), time.monotonic()
        if wall > self.wall_since:
            self.cpu = (cpu - self.cpu_since) / (wall - self.wall_since)
        self.cpu_since, self.wall_since = cpu, wall

    def _watch_reach(self, second: int) -> None:
        """A target where nothing has listened for ten seconds ends the run."""
        failures, answers = self.stage.unreachable, self.stage.answers
        self.stage.unreachable = self.stage.answers = 0
        if failures and not answers:
            self.refused_since = second if self.refused_since is None else self.refused_since
            if second - self.refused_since >= UNREACHABLE_SECONDS:
                self.progress.say(f"{self.run_.spec.url}: nothing has answered for {UNREACHABLE_SECONDS} s")
                self.run_.stop("unreachable")
        elif answers:
            self.refused_since = None

    def totals(self) -> dict[str, Any]:
        """What finish.json says."""
        begin, end = self._window()
        length = self.visit_length_us / max(1, self.visit_count) / 1e6
        from_visits = self.visit_us / 1e6 / (end - begin)
        mean = sum(self.gauge) / len(self.gauge) if self.gauge else 0.0
        residual = abs(mean - from_visits) / from_visits if from_visits else 0.0
        judged = self.visit_count >= ENOUGH_VISITS and end - begin >= 3 * length and self.run_.end == "completed"
        cpu, wall = time.process_time() - self.started_at[0], time.monotonic() - self.started_at[1]
        return {
            "offered": sum(self.scheduler.offered.values()),
            "started": sum(self.scheduler.started.values()),
            "lost": sum(self.scheduler.lost.values()),
            "cpu_share": round(cpu / wall, 4),
            "little": {"gauge_mean": mean, "from_visits": from_visits, "residual": residual, "judged": judged},
            "signatures": dict(self.recorder.signatures),
            "start_lag_us": {name: _quantile(self.lags_us, share) for name, share in LAGS.items()},
        }


def _quantile(values: list[int], share: float) -> int:
    """The smallest value that at least this share of the values does not pass; 0 of none."""
    if not values:
        return 0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
