"""Adds up a run's histogram rows in one pass over the file: memory depends on what is told apart, not on how much came.

Two things are kept: a dense histogram for each (kind, persona, service, phase, timing, outcome), and for every second
the pages by outcome and the percentiles of those served. A second is closed, and its own histogram let go, once the
file is LATE_SECONDS past it.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from itertools import pairwise
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from entsurge.analysis.hdr import BUCKETS, Times, quantiles_seconds
from entsurge.analysis.stream import pieces
from entsurge.record.transport import FORGIVEN
from entsurge.record.transport import KIND as TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

OUTCOMES = ("ok", "shed", "failed", "lost")
PERCENTILES = (50.0, 95.0, 99.0)
COLUMNS = ("second", "key", "bucket", "count")
LATE_SECONDS = 30
SOCKET = "live-connect"  # a request of this name has opened a WebSocket
RETRIED = {"page": "retried-page", TRANSPORT: "retried-transport", FORGIVEN: "retried-forgiven"}
LONGEST_SECONDS = 1_000_000  # over eleven days: a larger second is damage, not a run


class Group(NamedTuple):
    """What one histogram is of.

    `page` is empty but for `transport`, whose step and protocol it is, for `forgiven`, whose reason it is, and for the
    opening of a WebSocket.
    """

    kind: str
    persona: str
    service: str
    phase: str
    timing: str
    outcome: str
    page: str = ""

    @classmethod
    def of(cls, key: Mapping[str, Any]) -> Group:
        """The group of an entry of keys.json; retries are of a kind of their own: no visit counts twice."""
        kind, persona, service, phase, timing, outcome = (intern(str(key.get(name, ""))) for name in cls._fields[:6])
        page = intern(str(key.get("page", "")))
        if kind not in (TRANSPORT, FORGIVEN) and page != SOCKET:
            page = ""
        kind = RETRIED.get(kind, kind) if key.get("attempt") == "retry" else kind
        return cls(kind, persona, service, phase, timing, outcome, page)


@dataclass(frozen=True)
class Seconds:
    """Pages (sign-on apart) by the second in which they ended; percentiles are of corrected latency, served pages."""

    outcomes: dict[str, NDArray[np.int64]]
    requests: NDArray[np.int64]
    percentiles: dict[int, tuple[float, ...]]

    def quantiles(self, place: int) -> list[float | None]:
        """The PERCENTILES at this place for every second; None where nothing was served."""
        size = len(self.requests)
        return [self.percentiles[each][place] if each in self.percentiles else None for each in range(size)]


class Tally:
    """The sums of one run. `kind` is `page` unless said; `*` or nothing stands for all."""

    def __init__(self, groups: dict[Group, int], histograms: NDArray[np.int32], seconds: Seconds) -> None:
        self._groups, self._histograms, self.seconds = groups, histograms, seconds

    def times(self, *, timing: str, outcome: str = "ok", kind: str = "page", **where: str) -> Times:
        """The histogram of what is asked for: `persona`, `service`, `phase`."""
        asked = {"kind": kind, "timing": timing, "outcome": outcome} | where
        counts = np.zeros(BUCKETS, np.int64)
        for group, row in self._groups.items():
            if _matches(group, asked):
                counts += self._histograms[row]
        return Times(counts)

    def each(self, **where: str) -> Iterator[tuple[Group, Times]]:
        """Every histogram of what is asked for, with what it is of."""
        for group, row in self._groups.items():
            if _matches(group, where):
                yield group, Times(self._histograms[row].astype(np.int64))

    def count(self, **where: str) -> dict[str, int]:
        """Pages by outcome: ok, shed, failed, lost."""
        return {name: self.times(timing="service", outcome=name, **where).total for name in OUTCOMES}


def _matches(group: Group, asked: Mapping[str, str]) -> bool:
    return all(value in ("*", getattr(group, name)) for name, value in asked.items())


def tally(path: Path, keys: Sequence[Group], notes: list[str], **seconds_of: str) -> Tally:
    """The tally of a series.arrows file whose keys mean these groups, in this order.

    Its seconds are those of all services but sign-on, or of what `seconds_of` names (persona, service).
    """
    folding = _Fold.of(keys, seconds_of)
    for piece in pieces(path, COLUMNS, notes):
        folding.take(piece)
    return folding.close(notes)


def _empty(rows: int) -> NDArray[np.int32]:
    """So many histograms of nothing, in memory that costs nothing until it is touched (numpy's own is huge pages)."""
    return np.frombuffer(
        mmap.mmap(-1, rows * BUCKETS * 4, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.int32
    ).reshape(rows, BUCKETS)


@dataclass
class _Fold:
    """A tally in the making."""

    groups: dict[Group, int]
    of_key: NDArray[np.int32]  # the row of each key's histogram
    traits: dict[str, NDArray[np.bool_]]  # by key: counted (a page's service time), latency, request
    outcome_of: NDArray[np.int32]
    histograms: NDArray[np.int32]
    outcomes: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(OUTCOMES) + 1, 64), np.int64))
    open: dict[int, list[tuple[NDArray[np.int32], NDArray[np.int32]]]] = field(default_factory=dict)
    closed: dict[int, tuple[float, ...]] = field(default_factory=dict)
    newest: int = -1
    late: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, described: Sequence[Group], seconds_of: Mapping[str, str]) -> _Fold:
        groups: dict[Group, int] = {}
        of_key = np.array([groups.setdefault(each, len(groups)) for each in described], np.int32)
        page = [
            each.kind == "page" and (_matches(each, seconds_of) if seconds_of else each.service != "sign-on")
            for each in described
        ]
        both = list(zip(page, described, strict=True))
        traits = {
            "counted": np.array(
                [mine and of.timing == "service" and of.outcome in OUTCOMES for mine, of in both], bool
            ),
            "latency": np.array([mine and of.timing == "corrected" and of.outcome == "ok" for mine, of in both], bool),
            "request": np.array([of.kind == "request" for of in described], bool),
        }
        named = [OUTCOMES.index(each.outcome) if each.outcome in OUTCOMES else len(OUTCOMES) for each in described]
        outcome_of = np.where(traits["request"], len(OUTCOMES), np.array(named, np.int32)).astype(np.int32)
        return cls(groups, of_key, traits, outcome_of, _empty(max(1, len(groups))))

    def take(self, piece: pa.Table) -> None:
        """Add one piece of the file."""
        second, key, bucket, count = (piece.column(name).to_numpy() for name in COLUMNS)
        known = (key >= 0) & (key < len(self.of_key)) & (bucket >= 0) & (bucket < BUCKETS)
        known &= (second >= 0) & (second < LONGEST_SECONDS)
        if not known.all():
            self.unknown += int(len(key) - known.sum())
            second, key, bucket, count = second[known], key[known], bucket[known], count[known]
        if not len(key):
            return
        places = self.of_key[key].astype(np.int64) * BUCKETS + bucket
        np.add.at(self.histograms.reshape(-1), places, count)
        self._by_outcome(second, key, count)
        chosen = self.traits["latency"][key]
        self._latencies(second[chosen], bucket[chosen], count[chosen])

    def _by_outcome(self, second: NDArray[np.int32], key: NDArray[np.int32], count: NDArray[np.int32]) -> None:
        last = int(second.max())
        if last >= self.outcomes.shape[1]:
            more = max(2 * self.outcomes.shape[1], last + 1) - self.outcomes.shape[1]
            self.outcomes = np.pad(self.outcomes, ((0, 0), (0, more)))
        self.newest = max(self.newest, last)
        chosen = self.traits["counted"][key] | self.traits["request"][key]
        rows = self.outcome_of[key[chosen]].astype(np.int64)
        first = int(second.min())
        width = last - first + 1
        sums = np.bincount(rows * width + second[chosen] - first, count[chosen], minlength=len(self.outcomes) * width)
        self.outcomes[:, first : last + 1] += sums.astype(np.int64).reshape(len(self.outcomes), width)

    def _latencies(self, second: NDArray[np.int32], bucket: NDArray[np.int32], count: NDArray[np.int32]) -> None:
        if len(second) > 1 and (second[1:] < second[:-1]).any():
            order = np.argsort(second, kind="stable")
            second, bucket, count = second[order], bucket[order], count[order]
        edges = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(second)]
        for begin, end in pairwise(edges if len(second) else []):
            of = int(second[begin])
            if of in self.closed:
                self.late += int(count[begin:end].sum())
            else:
                self.open.setdefault(of, []).append((bucket[begin:end].copy(), count[begin:end].copy()))
        self._shut(self.newest - LATE_SECONDS)

    def _shut(self, before: int) -> None:
        for second in [each for each in self.open if each < before]:
            parts = self.open.pop(second)
            buckets, times = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
            order = np.argsort(buckets, kind="stable")
            self.closed[second] = tuple(quantiles_seconds(buckets[order], times[order], list(PERCENTILES)))

    def close(self, notes: list[str]) -> Tally:
        """The whole tally; what was odd is noted."""
        self._shut(LONGEST_SECONDS)
        if self.unknown:
            notes.append(f"series.arrows: {self.unknown} rows mean nothing (unknown key or time) and were skipped")
        if self.late:
            notes.append(f"series.arrows: {self.late} pages came too late for the percentiles of their second")
        size = self.newest + 1
        by_outcome = {name: self.outcomes[place, :size] for place, name in enumerate(OUTCOMES)}
        return Tally(self.groups, self.histograms, Seconds(by_outcome, self.outcomes[-1, :size], self.closed))
