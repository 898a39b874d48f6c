"""Each run beside its simulation, by the same plan and with the same luck: which of several values explains it best."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from entsurge.errors import UsageError
from entsurge.findings.fit import Agreement
from entsurge.record.writer import RunDirectory
from entsurge.said import said
from entsurge.simulation.fit.estimate import Parts, as_toml
from entsurge.simulation.fit.observed import OUTCOMES, Observed
from entsurge.simulation.run import Simulation, subject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.simulation.fit.service_times import ServiceTimes

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
POINTS = 0.03  # of pages: as far apart as so much of a logarithm of seconds
MOST_TRIED, STEPS = 7, 2
WITHOUT_END = 1_000_000  # workers
HEAD = 'title = { fr = "essai", en = "trial" }\nsource = "a fit"\n'


@dataclass(frozen=True)
class Shown:
    """What a run and its simulation are held against each other by."""

    pages: int
    quantiles: tuple[float, ...]
    mean: float
    refused: float
    failed: float

    @classmethod
    def of(cls, run: Observed) -> Shown:
        """Of pages: seconds of those served, shares of those refused and failed, sign-ons among them."""
        pages = run.pages
        served = pages.seconds[pages.of(outcome="ok")]
        found = np.quantile(served, QUANTILES) if len(served) else np.zeros(len(QUANTILES))
        shares = [float((pages.outcome == OUTCOMES.index(name)).mean()) for name in ("shed", "failed")]
        mean = float(served.mean()) if len(served) else 0.0
        return cls(len(served), tuple(float(each) for each in found), mean, *shares)

    def apart(self, other: Shown) -> float:
        """How far apart: squares of logarithms of quantiles, and of shares."""
        mine, theirs = (np.maximum(1e-3, of.quantiles) for of in (self, other))
        shares = np.array([self.refused - other.refused, self.failed - other.failed]) / POINTS * 0.1
        return float(np.mean(np.log(mine / theirs) ** 2) + np.sum(shares**2))


class Beside:
    """Simulates the runs' own plans on deployments that are tried."""

    def __init__(self, runs: Sequence[Observed], profiles: Sequence[Profile], tell: Callable[[str], None]) -> None:
        self.runs, self.profiles, self.tell = list(runs), list(profiles), tell
        self.shown = [Shown.of(each) for each in runs]
        self._known: dict[tuple[str, int], Shown] = {}

    def simulated(self, parts: Parts, number: int) -> Shown:
        """The simulation of one run's plan. Raises UsageError where the plan is not the run's."""
        text = as_toml(parts)
        if (text, number) not in self._known:
            self.tell(self.runs[number].name)
            self._known[text, number] = self._simulate(text, number)
        return self._known[text, number]

    def _simulate(self, text: str, number: int) -> Shown:
        run = self.runs[number]
        with tempfile.TemporaryDirectory() as scratch:
            path, out = Path(scratch) / "tried.toml", Path(scratch) / "run"
            path.write_text(HEAD + text, encoding="utf-8")
            directory = RunDirectory(out)
            try:
                Simulation(subject(self.profiles[number], path), directory).run()
            finally:
                directory.close()
            found = Observed.of(out)
        if found.run.manifest.get("plan_digest") != run.run.manifest.get("plan_digest"):
            raise UsageError(
                said("{name}: its plan is not the one that its profile gives now", name=run.name),
                hint="the profile or a scenario has changed since, or it had --date or --devices: fit from other runs",
            )
        return Shown.of(found)

    def apart(self, parts: Parts) -> float:
        """How far the runs are from their simulations; the idlest, which tells nothing of limits, is left out."""
        idle = self._idle if len(self.runs) > 1 else -1
        return sum(
            self.simulated(parts, number).apart(shown) for number, shown in enumerate(self.shown) if number != idle
        )

    @property
    def _idle(self) -> int:
        return min(range(len(self.runs)), key=lambda number: self.runs[number].idleness)

    def refined(self, parts: Parts) -> Parts:
        """The same, with times without what was waited for when idle, and the whole numbers that explain most."""
        taken = parts.times
        for _ in range(STEPS):
            before, parts = parts, self._without_waiting(parts, taken)
            if parts.workers_between is not None and not parts.measured:
                low, high = int(parts.workers_between.low), int(np.ceil(parts.workers_between.high))
                parts = self._best(parts, [replace(parts, workers=each) for each in _some(low, high) if each])
            if parts.queue is not None and parts.queue_between is not None:
                low, high = int(parts.queue_between.low), int(np.ceil(parts.queue_between.high))
                parts = self._best(parts, [replace(parts, queue=each) for each in _some(low, high)])
            if parts.places is not None:
                between = parts.places.limit
                tried = [
                    replace(parts, places=replace(parts.places, limit=replace(between, value=float(each))))
                    for each in _some(int(between.low), int(np.ceil(between.high)))
                ]
                parts = self._best(parts, tried)
            if as_toml(parts) == as_toml(before):
                break
        return parts

    def _best(self, parts: Parts, tried: Sequence[Parts]) -> Parts:
        return min([parts, *tried], key=self.apart)

    def _without_waiting(self, parts: Parts, taken: ServiceTimes) -> Parts:
        """Times without what the idlest run's pages waited: with these workers, against workers without end."""
        if len(self.runs) == 1 and parts.workers_between is None:
            return parts
        around = parts.times.around.value
        with_end, without = (
            self.simulated(replace(parts, workers=number, pool=None), self._idle).mean - around
            for number in (parts.workers, WITHOUT_END)
        )
        return replace(parts, times=taken.scaled(without / with_end)) if with_end > 0 and without > 0 else parts

    def agreement(self, parts: Parts) -> tuple[Agreement, ...]:
        """Each run beside the simulation of what was fitted."""
        middle, high = QUANTILES.index(0.5), QUANTILES.index(0.95)
        return tuple(
            Agreement(
                run.name, shown.pages, shown.quantiles[middle], shown.quantiles[high], paper.quantiles[middle],
                paper.quantiles[high], 100 * shown.refused, 100 * paper.refused, 100 * shown.failed, 100 * paper.failed,
            )
            for run, shown, paper in (
                (run, self.shown[number], self.simulated(parts, number)) for number, run in enumerate(self.runs)
            )
        )  # fmt: skip


def _some(low: int, high: int) -> list[int]:
    """Whole numbers from one to the other, no more than a few."""
    return sorted({round(each) for each in np.linspace(low, max(low, high), min(MOST_TRIED, max(low, high) - low + 1))})
