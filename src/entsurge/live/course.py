"""Histogram rows to what a live page shows: figures so far, their course, persona × service in the last seconds."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from entsurge.record.histogram import BUCKETS
from entsurge.record.reading.hdr import Times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.record.reading.series import Entry, Rows, Series

OUTCOMES = ("ok", "shed", "failed")  # what was lost was not asked: the generator's own fault
OK, SHED = 0, 1
WAIT_PERCENTILE = 95.0
NOW_SECONDS, MOST_POINTS = 15, 120
SIGN_ON = "sign-on"


class Place(NamedTuple):
    """A cell of the matrix."""

    persona: str
    service: str


@dataclass
class Pages:
    """Pages by outcome, and the times of those served."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(OUTCOMES), np.int64))
    times: dict[int, int] = field(default_factory=dict)

    @property
    def asked(self) -> int:
        """Those that came to an outcome."""
        return int(self.counts.sum())

    def wait_seconds(self) -> float | None:
        """The 95th percentile of those served; None of none."""
        counted = np.zeros(BUCKETS, np.int64)
        counted[list(self.times)] = list(self.times.values())
        return Times(counted).quantile_seconds(WAIT_PERCENTILE)

    def add(self, outcomes: NDArray[np.int64], buckets: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        """More of them: how many of each outcome, and served times by bucket."""
        self.counts += outcomes
        for bucket, count in zip(buckets.tolist(), times.tolist(), strict=True):
            self.times[bucket] = self.times.get(bucket, 0) + count


class _Traits(NamedTuple):
    """By key: its outcome (-1: not counted), whether it is a served page's wait, its place, whether a sign-on."""

    outcome: NDArray[np.int64]
    wait: NDArray[np.bool_]
    place: NDArray[np.int64]
    sign_on: NDArray[np.bool_]


class Course:
    """Pages of first attempts. Figures and course leave sign-on out, as the report does; the matrix has it."""

    def __init__(self, end_s: float) -> None:
        self.width_seconds = max(1, math.ceil(end_s / MOST_POINTS))
        self.total = Pages()
        self.places: dict[Place, int] = {}
        self.newest = 0
        self._bins: dict[int, Pages] = {}
        self._waits: dict[int, float | None] = {}
        self._recent: deque[tuple[int, NDArray[np.int64]]] = deque()
        self._told: Series | None = None
        self._traits = self._of(())

    def take(self, series: Series, rows: Rows) -> None:
        """Add rows; `series` says what their keys mean."""
        if series is not self._told:
            self._told, self._traits = series, self._of(series.keys)
        outcome, wait = self._traits.outcome[rows.key], self._traits.wait[rows.key]
        wanted = (outcome >= 0) | wait
        if not wanted.any():
            return
        place, sign_on = self._traits.place[rows.key], self._traits.sign_on[rows.key]
        table = np.stack([place, outcome, rows.bucket, rows.times, rows.second])[:, wanted]
        self.newest = max(self.newest, int(table[4].max()))
        self._recent.append((int(table[4].max()), table))
        shown = table[:, ~sign_on[wanted]]
        _add(self.total, shown)
        for begin in np.unique(shown[4] // self.width_seconds).tolist():
            _add(self._bins.setdefault(begin, Pages()), shown[:, shown[4] // self.width_seconds == begin])
            self._waits.pop(begin, None)

    def points(self) -> list[tuple[int, Pages, float | None]]:
        """The course so far: where each stretch begins, its pages, its wait."""
        for begin in self._bins.keys() - self._waits.keys():
            self._waits[begin] = self._bins[begin].wait_seconds()
        return [(begin * self.width_seconds, self._bins[begin], self._waits[begin]) for begin in sorted(self._bins)]

    def now(self) -> dict[Place, Pages]:
        """The matrix of the last seconds; places that were ever asked, the quiet ones empty."""
        oldest = self.newest - NOW_SECONDS
        while self._recent and self._recent[0][0] <= oldest:
            self._recent.popleft()
        found = {place: Pages() for place in self.places}
        whole = np.concatenate([table for _, table in self._recent], axis=1) if self._recent else np.zeros((5, 0), int)
        whole = whole[:, whole[4] > oldest]
        for place, number in self.places.items():
            _add(found[place], whole[:, whole[0] == number])
        return found

    def _of(self, keys: Sequence[Entry | None]) -> _Traits:
        made = _Traits(
            np.full(len(keys), -1, np.int64), np.zeros(len(keys), bool),
            np.full(len(keys), -1, np.int64), np.zeros(len(keys), bool),
        )  # fmt: skip
        for number, entry in enumerate(keys):
            if entry is None or entry.kind != "page" or entry.attempt != "first" or entry.outcome not in OUTCOMES:
                continue
            made.outcome[number] = OUTCOMES.index(entry.outcome) if entry.timing == "service" else -1
            made.wait[number] = entry.timing == "corrected" and entry.outcome == "ok"
            made.place[number] = self.places.setdefault(Place(entry.persona, entry.service), len(self.places))
            made.sign_on[number] = entry.service == SIGN_ON
        return made


def _add(pages: Pages, table: NDArray[np.int64]) -> None:
    """Add rows of (place, outcome, bucket, count, second); an outcome of -1 is a served page's wait."""
    _, outcome, bucket, count, _ = table
    counted = outcome >= 0
    outcomes = np.bincount(outcome[counted], count[counted], minlength=len(OUTCOMES)).astype(np.int64)
    pages.add(outcomes, bucket[~counted], count[~counted])
