"""What a run shows of a deployment: its pages by second, service, outcome and time; who signed on, and until when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.record.histogram import upper_ends
from entsurge.record.layout import RETRIES_FILE
from entsurge.record.reading.run import read_run
from entsurge.record.reading.stays import read_stays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run
    from entsurge.record.reading.stays import Stays

SIGN_ON, HOME = "sign-on", "home"
NEVER_SIGNED_ON = frozenset({"shed", "failed", "lost"})
Numbers = Any  # NDArray of float64 or int64


@dataclass(frozen=True)
class Pages:
    """Pages that ended, one row each: second, service (a code of `services`), seconds waited, what became of it."""

    second: NDArray[np.int64]
    service: NDArray[np.int64]
    seconds: NDArray[np.float64]
    outcome: NDArray[np.int64]
    services: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.second)

    def of(self, *, service: str | None = None, outcome: str | None = None) -> NDArray[np.bool_]:
        """Which rows are of a service (None: of any but sign-on) with an outcome (None: any)."""
        number = self.services.index(SIGN_ON if service is None else service)
        mine = self.service != number if service is None else self.service == number
        found: NDArray[np.bool_] = mine if outcome is None else mine & (self.outcome == OUTCOMES.index(outcome))
        return found


OUTCOMES = ("ok", "shed", "failed")


@dataclass(frozen=True)
class Observed:
    """One run, read once."""

    run: Run
    pages: Pages

    @classmethod
    def of(cls, path: Path) -> Observed:
        """The run in this directory. Raises UsageError for what is none."""
        run = read_run(path)
        return cls(run, _pages(run))

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.run.path.name

    @cached_property
    def refused_share(self) -> float:
        """Of pages and sign-ons the share refused or failed."""
        served = self.pages.outcome == OUTCOMES.index("ok")
        return float(1 - served.mean()) if len(self.pages) else 0.0

    @cached_property
    def idleness(self) -> tuple[float, float]:
        """Least for the idlest of runs: how much was refused or failed; of equals how long what was served took."""
        served = self.pages.seconds[self.pages.outcome == OUTCOMES.index("ok")]
        return round(self.refused_share, 3), float(served.mean()) if len(served) else math.inf

    @property
    def seconds(self) -> int:
        """As far as pages go, in whole seconds of the run."""
        return int(self.pages.second.max()) + 1 if len(self.pages) else 0

    @cached_property
    def readings(self) -> dict[str, list[tuple[float, float]]]:
        """What the target's own series were, by name: run seconds and values, in order of time."""
        found: dict[str, list[tuple[float, float]]] = {}
        for reading in self.run.target:
            found.setdefault(reading["series"], []).append((reading["t"], reading["value"]))
        return found

    def signed_on(self) -> tuple[Numbers, Numbers, Numbers]:
        """Run seconds: when each session began, when its last page ended (about), and when newcomers were refused."""
        tables = [self.run.stays]
        if self.run.has_retries:
            tables.append(read_stays(self.run.path / RETRIES_FILE, []))
        parts = [_sessions_of(each) for each in tables]
        begin, end, refused = (np.concatenate(of) for of in zip(*parts, strict=True))
        return begin, end, refused


def _sessions_of(stays: Stays) -> tuple[Numbers, Numbers, Numbers]:
    """Of these visits: when sessions began, when their last pages ended (about), when newcomers were refused."""
    inside = ~stays.among("sign_on", set(NEVER_SIGNED_ON))
    begin, end = stays["start_us"][inside] / 1e6, stays["end_us"][inside] / 1e6
    gap = stays["planned_gap_us"][inside] / 1e6 / np.maximum(1, stays["planned"][inside])
    refused = stays["start_us"][stays.where(sign_on="shed")] / 1e6
    return begin, np.maximum(begin, end - gap), refused


def _pages(run: Run) -> Pages:
    """Every page and sign-on, retries too, by its service time."""
    keys = run.series.keys
    services = tuple(dict.fromkeys([SIGN_ON, HOME, *(key.service for key in keys if key is not None)]))
    chosen = run.series.chosen(first_attempts=False, kind="page", timing="service")
    chosen &= np.array([key is not None and key.outcome in OUTCOMES for key in keys], bool)
    service = np.array([services.index(key.service) if key else -1 for key in keys], np.int64)
    outcome = np.array([OUTCOMES.index(key.outcome) if key and key.outcome in OUTCOMES else -1 for key in keys])
    parts = [
        np.stack([np.repeat(column, rows.times) for column in (rows.second, rows.key, rows.bucket)])
        for rows in run.series.rows(chosen)
    ]
    second, key, bucket = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), np.int64)
    return Pages(second, service[key], upper_ends(bucket) / 1e6, outcome[key], services)
