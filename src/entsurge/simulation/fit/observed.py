"""What a run shows of a deployment: its pages by second, service, outcome and time; who signed on, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.record.histogram import upper_ends
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run

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
    def rate(self) -> float:
        """Pages asked for a second, in the window."""
        window = self.run.window
        inside = (self.pages.second >= window["start_s"]) & (self.pages.second < window["end_s"])
        return float(inside.sum() / max(1.0, self.run.window_seconds))

    @property
    def seconds(self) -> int:
        """As far as pages go, in whole seconds of the run."""
        return int(self.pages.second.max()) + 1 if len(self.pages) else 0

    @cached_property
    def gauges(self) -> dict[str, list[float]]:
        """What the target's own series were, by name, in order of time."""
        found: dict[str, list[float]] = {}
        for reading in self.run.target:
            found.setdefault(reading["series"], []).append(reading["value"])
        return found

    def signed_on(self) -> tuple[Numbers, Numbers, Numbers]:
        """Run seconds: when each session began, when its last page ended (about), and when newcomers were refused."""
        stays = self.run.stays
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
