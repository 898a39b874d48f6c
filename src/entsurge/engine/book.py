"""The book of a run: what its processes say, added up second by second; gauges, exporter, progress, totals."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from entsurge.engine import locust_statistics
from entsurge.engine.lateness import Lateness, Mean
from entsurge.engine.little import Little
from entsurge.engine.progress import Progress
from entsurge.engine.second import SecondOfPages
from entsurge.metrics.exporter import Exporter
from entsurge.visit.presence import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from entsurge.engine.messages import Pulse
    from entsurge.record.recorder import Fold
    from entsurge.record.writer import RunDirectory

UNREACHABLE_SECONDS = 10
QUANTILES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
COUNTS = ("offered", "started", "lost")
RETRIES = ("due", "started", "given_up", "lost")


class Book:
    """One per run, in the process that writes the run directory."""

    def __init__(self, manifest: dict[str, Any], directory: RunDirectory, environment: Any, *, shown: bool) -> None:
        self.manifest, self.directory, self.environment = manifest, directory, environment
        self.exporter, self.progress = Exporter(manifest), Progress(manifest, shown=shown)
        self.pulses: dict[str, Pulse] = {}
        self.gone: dict[str, Pulse] = {}
        self.lags_us, self.stalls_us = Lateness(), Lateness()
        self.lags_of_second: list[int] = []
        self.shares: dict[str, Mean] = {}
        self.descriptors = (0, 0)
        self.unreachable = self.answers = 0
        self.refused_since: int | None = None
        self.phase = ""
        self.exact: dict[str, Counter[str]] | None = None  # set at the end, when it is known what nobody reported
        self.unreported = 0
        self.listeners: list[Callable[[Fold], None]] = []
        self.pages_of_second = SecondOfPages(self.progress.personas)
        window = manifest["phases"][1]
        self.little = Little(Span(int(window["start_s"] * 1e6), int(window["end_s"] * 1e6)))

    # -- what comes in ---------------------------------------------------------------------------------------------

    def pulse(self, process: str, pulse: Pulse) -> None:
        """One process's second."""
        self.pulses[process] = pulse
        self.lags_us.add(pulse.lags_us)
        self.lags_of_second += pulse.lags_us
        self.unreachable += pulse.unreachable
        self.answers += pulse.answers
        health = pulse.health
        self.stalls_us.add(health.stalls_us)
        self.shares.setdefault(process, Mean()).add(health.cpu_share)
        self.descriptors = max(self.descriptors, (health.descriptors, health.descriptors_most))

    def lose(self, process: str) -> None:
        """A process is gone: nobody is present there any more; its counts stay."""
        if process in self.pulses:
            self.gone[process] = self.pulses.pop(process)

    def visits(self, rows: list[dict[str, Any]]) -> None:
        """Finished visits, retries among them: their time is the other side of Little's law."""
        self.little.visits(rows)

    def fold(self, fold: Fold) -> None:
        """One second's pages of one process."""
        self.exporter.fold(fold)
        for listener in self.listeners:
            listener(fold)
        self.progress.fold(fold)
        self.pages_of_second.fold(fold)
        locust_statistics.feed(self.environment, fold)

    # -- once a second ---------------------------------------------------------------------------------------------

    def second(self, second: int) -> None:
        """Write and show the second that has passed."""
        self._phase(second)
        counts = self.counts()
        sums = {name: sum(of.values()) for name, of in counts.items()}
        present: Counter[str] = Counter()
        for pulse in self.pulses.values():
            present.update(pulse.present)
        lags, self.lags_of_second, retries = self.lags_of_second, [], self.retries()["started"]
        p99 = quantile(lags, 0.99)
        shares = {name: pulse.health.cpu_share for name, pulse in self.pulses.items()}
        row = {
            "t": second + 1, **sums, "retries": sum(retries.values()), "visitors": dict(present),
            "start_lag_p99_us": p99,
            "cpu_share": max(shares.values(), default=0.0), "processes": shares,
            "descriptors": max((pulse.health.descriptors for pulse in self.pulses.values()), default=0),
            "stall_us": max((max(of.health.stalls_us, default=0) for of in self.pulses.values()), default=0),
        }  # fmt: skip
        self.directory.append("gauges.jsonl", row)
        self.exporter.gauge(
            counts, present, p99 / 1e6, phase=self.phase, busy=max(shares.values(), default=0.0), retries=retries
        )
        self.progress.gauge(second + 1, sums | {"retries": sum(retries.values())}, dict(present))
        self.progress.show()

    def take_second(self) -> dict[str, dict[str, Any]]:
        """Each persona's pages since this was last asked, for the stop conditions."""
        taken, self.pages_of_second = self.pages_of_second, SecondOfPages(self.progress.personas)
        return taken.by_persona()

    def counts(self) -> dict[str, Counter[str]]:
        """Visits offered, started and lost so far, by persona."""
        if self.exact is not None:
            return self.exact
        result: dict[str, Counter[str]] = {name: Counter() for name in COUNTS}
        for pulse in (*self.pulses.values(), *self.gone.values()):
            for name, of in (("offered", pulse.offered), ("started", pulse.started), ("lost", pulse.lost)):
                result[name].update(of)
        return result

    def retries(self) -> dict[str, Counter[str]]:
        """Retries so far, by persona: due, started, given up, lost; apart from visits."""
        result: dict[str, Counter[str]] = {name: Counter() for name in RETRIES}
        for pulse in (*self.pulses.values(), *self.gone.values()):
            for name, of in pulse.retries.items():
                result[name].update(of)
        return result

    def _phase(self, second: int) -> None:
        for phase in self.manifest["phases"]:
            if phase["start_s"] <= second < phase["end_s"] and phase["name"] != self.phase:
                self.phase = phase["name"]
                row = {"t": second, "kind": "phase", "id": self.phase, "state": "began", "detail": ""}
                self.directory.append("events.jsonl", row)

    def unreachable_since(self, second: int) -> bool:
        """Whether nothing has listened at the target for ten seconds while somebody asked."""
        failures, answers = self.unreachable, self.answers
        self.unreachable = self.answers = 0
        if answers:
            self.refused_since = None
        elif failures:
            self.refused_since = second if self.refused_since is None else self.refused_since
            return second - self.refused_since >= UNREACHABLE_SECONDS
        return False

    # -- at the end ------------------------------------------------------------------------------------------------

    def totals(self) -> dict[str, Any]:
        """What finish.json says of the generator."""
        limits: Counter[str] = Counter()
        signatures: Counter[str] = Counter()
        for pulse in (*self.pulses.values(), *self.gone.values()):
            limits.update(pulse.limits)
            signatures.update(pulse.signatures)
        if self.unreported:
            limits["worker lost"] += self.unreported
        shares = {name: round(of.value, 4) for name, of in self.shares.items()}
        return {
            **{name: sum(of.values()) for name, of in self.counts().items()},
            "retries": {name: dict(of) for name, of in self.retries().items()},
            "cpu_share": max(shares.values(), default=0.0),
            "processes": shares,
            "limits": dict(limits),
            "signatures": dict(signatures),
            "descriptors": {"most_open": self.descriptors[0], "allowed": self.descriptors[1]},
            "little": self.little.judge(pulse.presence for pulse in (*self.pulses.values(), *self.gone.values())),
            "start_lag_us": {name: self.lags_us.quantile(share) for name, share in QUANTILES.items()},
            "stall_us": {name: self.stalls_us.quantile(share) for name, share in QUANTILES.items()},
        }  # fmt: skip


def quantile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of the values does not pass; 0 of none."""
    if not values:
        return 0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
