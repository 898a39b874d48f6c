"""Adds up a run's histogram rows in one pass over the file: memory depends on what is told apart, not on how much came.

Two things are kept: a dense histogram for each (kind, persona, service, phase, timing, outcome), and for every second
the pages by outcome and the percentiles of those served. A second is closed, and its own histogram let go, once the
file is LATE_SECONDS past it.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from entsurge.record.histogram import BUCKETS
from entsurge.record.reading.hdr import Times, quantiles_seconds
from entsurge.record.reading.shapes import LONGEST_SECONDS
from entsurge.record.schema import PAGE_OUTCOMES
from entsurge.record.transport import FORGIVEN
from entsurge.record.transport import KIND as TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from entsurge.record.reading.series import Entry, Rows, Series

PERCENTILES = (50.0, 95.0, 99.0)
LATE_SECONDS = 30
SOCKET = "live-connect"  # a request of this name has opened a WebSocket


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
    attempt: str = "first"

    @classmethod
    def of(cls, entry: Entry | None) -> Group:
        """The group of an entry of keys.json; one that nothing matches where its meaning is unknown."""
        if entry is None:
            return cls("", "", "", "", "", "")
        page = entry.page if entry.kind in (TRANSPORT, FORGIVEN) or entry.page == SOCKET else ""
        return cls(
            entry.kind, entry.persona, entry.service, entry.phase, entry.timing, entry.outcome, page, entry.attempt
        )


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
    """The sums of one run: `kind` is `page`, `attempt` is `first` unless said; `*` or nothing else stands for all."""

    def __init__(self, groups: dict[Group, int], histograms: NDArray[np.int32], seconds: Seconds) -> None:
        self._groups, self._histograms, self.seconds = groups, histograms, seconds
        self._alike: dict[tuple[str, str, str], list[tuple[Group, int]]] = {}  # mostly asked for together
        for group, row in groups.items():
            self._alike.setdefault((group.kind, group.timing, group.outcome), []).append((group, row))

    def times(self, *, timing: str, outcome: str = "ok", kind: str = "page", **where: str) -> Times:
        """The histogram of what is asked for: `persona`, `service`, `phase`."""
        alike = (kind, timing, outcome)
        asked = {"attempt": "first"} | where
        if "*" in alike:
            asked |= {"kind": kind, "timing": timing, "outcome": outcome}
        counts = np.zeros(BUCKETS, np.int64)
        for group, row in self._alike.get(alike, ()) if "*" not in alike else self._groups.items():
            if _matches(group, asked):
                counts += self._histograms[row]
        return Times(counts)

    def each(self, **where: str) -> Iterator[tuple[Group, Times]]:
        """Every histogram of what is asked for, with what it is of."""
        asked = {"attempt": "first"} | where
        for group, row in self._groups.items():
            if _matches(group, asked):
                yield group, Times(self._histograms[row].astype(np.int64))

    def count(self, **where: str) -> dict[str, int]:
        """Pages by outcome: ok, shed, failed, lost."""
        return {name: self.times(timing="service", outcome=name, **where).total for name in PAGE_OUTCOMES}


def _matches(group: Group, asked: Mapping[str, str]) -> bool:
    return all(value in ("*", getattr(group, name)) for name, value in asked.items())


def tally(series: Series, notes: list[str], **seconds_of: str) -> Tally:
    """The tally of a run's histograms.

    Its seconds are those of all services but sign-on, or of what `seconds_of` names (persona, service): the pages of
    first attempts, and all requests.
    """
    folding = _Fold.of([Group.of(each) for each in series.keys], seconds_of)
    for rows in series.rows(None, notes):
        folding.take(rows)
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
    outcomes: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(PAGE_OUTCOMES) + 1, 64), np.int64))
    open: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = field(default_factory=dict)
    closed: dict[int, tuple[float, ...]] = field(default_factory=dict)
    newest: int = -1
    late: int = 0

    @classmethod
    def of(cls, described: Sequence[Group], seconds_of: Mapping[str, str]) -> _Fold:
        groups: dict[Group, int] = {}
        of_key = np.array([groups.setdefault(each, len(groups)) for each in described], np.int32)
        page = [
            (each.kind, each.attempt) == ("page", "first")
            and (_matches(each, seconds_of) if seconds_of else each.service != "sign-on")
            for each in described
        ]
        both = list(zip(page, described, strict=True))
        traits = {
            "counted": np.array(
                [mine and of.timing == "service" and of.outcome in PAGE_OUTCOMES for mine, of in both], bool
            ),
            "latency": np.array([mine and of.timing == "corrected" and of.outcome == "ok" for mine, of in both], bool),
            "request": np.array([of.kind == "request" for of in described], bool),
        }
        named = [
            PAGE_OUTCOMES.index(each.outcome) if each.outcome in PAGE_OUTCOMES else len(PAGE_OUTCOMES)
            for each in described
        ]
        outcome_of = np.where(traits["request"], len(PAGE_OUTCOMES), np.array(named, np.int32)).astype(np.int32)
        return cls(groups, of_key, traits, outcome_of, _empty(max(1, len(groups))))

    def take(self, rows: Rows) -> None:
        """Add some rows."""
        np.add.at(
            self.histograms.reshape(-1), self.of_key[rows.key].astype(np.int64) * BUCKETS + rows.bucket, rows.times
        )
        self._by_outcome(rows)
        chosen = self.traits["latency"][rows.key]
        self._latencies(rows.second[chosen], rows.bucket[chosen], rows.times[chosen])

    def _by_outcome(self, of: Rows) -> None:
        second, key, count = of.second, of.key, of.times
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

    def _latencies(self, second: NDArray[np.int64], bucket: NDArray[np.int64], count: NDArray[np.int64]) -> None:
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
        if self.late:
            notes.append(f"series.arrows: {self.late} pages came too late for the percentiles of their second")
        size = self.newest + 1
        by_outcome = {str(name): self.outcomes[place, :size] for place, name in enumerate(PAGE_OUTCOMES)}
        return Tally(self.groups, self.histograms, Seconds(by_outcome, self.outcomes[-1, :size], self.closed))
