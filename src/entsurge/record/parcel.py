"""A worker's record on its way: packed there instead of written, and merged without loss where the run is written."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.record.histogram import upper_ends
from entsurge.record.recorder import Fold
from entsurge.record.schema import Key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.record.writer import RunDirectory

FIELDS = (*Key._fields, "timing")


class Outbox:
    """Takes what a recorder writes, as a run directory would, and gives it out as one parcel of plain data."""

    def __init__(self) -> None:
        self._described: Sequence[Mapping[str, str]] = []
        self._told = 0
        self._clear()

    def _clear(self) -> None:
        self._lines: list[tuple[str, Mapping[str, Any]]] = []
        self._rows: list[dict[str, Any]] = []
        self._columns: list[bytes] = []

    def keys(self, described: Sequence[Mapping[str, str]]) -> None:
        """Keep the list of keys."""
        self._described = described

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Keep one line."""
        self._lines.append((name, row))

    def series(self, columns: Sequence[Any]) -> None:
        """Keep one second's counts: key, bucket, count."""
        self._columns = [np.ascontiguousarray(column, np.int32).tobytes() for column in columns[3:]]

    def visits(self, rows: list[dict[str, Any]]) -> None:
        """Keep finished visits."""
        self._rows += rows

    def take(self, second: int) -> dict[str, Any]:
        """The parcel of this second, and an empty box again."""
        fresh, self._told = self._described[self._told :], len(self._described)
        parcel = {
            "second": second, "keys": [dict(each) for each in fresh], "columns": self._columns,
            "visits": self._rows, "lines": [(name, dict(row)) for name, row in self._lines],
        }  # fmt: skip
        self._clear()
        return parcel


class Merger:
    """Writes workers' parcels into one run directory, each worker's keys under numbers that all share.

    Counts and visits are written by `flush`, those of all workers together: a batch costs 0.8 and 1.7 kB, whatever is
    in it.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self.directory = directory
        self.described: list[dict[str, str]] = []
        self._numbers: dict[tuple[str, ...], int] = {}
        self._of_worker: dict[int, list[int]] = {}
        self._counts: list[tuple[Any, ...]] = []
        self._visits: list[dict[str, Any]] = []

    def learn(self, worker: int, keys: list[dict[str, str]]) -> None:
        """Take in the keys that a worker has met for the first time; they must come in its order.

        (Their texts are kept once each, however many keys and workers say them: a key weighed 2 kB otherwise.)
        """
        mine = self._of_worker.setdefault(worker, [])
        for each in keys:
            identity = tuple(intern(each[name]) for name in FIELDS)
            if identity not in self._numbers:
                self._numbers[identity] = len(self.described)
                self.described.append(dict(zip(FIELDS, identity, strict=True)))
            mine.append(self._numbers[identity])
        if keys:
            self.directory.keys(self.described)

    def take(self, worker: int, sequence: int, parcel: dict[str, Any]) -> Fold:
        """Take in one parcel; the fold that it amounts to, times being the upper ends of their buckets."""
        self.learn(worker, parcel["keys"])
        self._visits += parcel["visits"]
        for name, row in parcel["lines"]:
            self.directory.append(name, row)
        if not parcel["columns"]:
            return Fold(parcel["second"], {}, {})
        local, buckets, counts = (np.frombuffer(column, np.int32) for column in parcel["columns"])
        keys = np.array(self._of_worker[worker], np.int32)[local]
        size = len(keys)
        self._counts.append(
            (np.full(size, parcel["second"], np.int32), np.full(size, worker, np.int16),
             np.full(size, sequence, np.int32), keys, buckets, counts)
        )  # fmt: skip
        return self._fold(parcel["second"], keys, buckets, counts)

    def flush(self) -> None:
        """Write what has been taken in since this was last asked; done once a second, and at the end."""
        counts, self._counts = self._counts, []
        visits, self._visits = self._visits, []
        self.directory.visits(visits)
        if counts:
            self.directory.series([np.concatenate(column) for column in zip(*counts, strict=True)])

    def _fold(self, second: int, keys: Any, buckets: Any, counts: Any) -> Fold:
        times: dict[str, dict[Key, Any]] = {"service": {}, "corrected": {}}
        for number in np.unique(keys).tolist():
            described = self.described[number]
            chosen = keys == number
            key = Key(**{name: value for name, value in described.items() if name != "timing"})
            of = np.repeat(upper_ends(buckets[chosen].astype(np.int64)), counts[chosen])
            times[described["timing"]][key] = of
        service = times["service"]
        return Fold(second, {key: len(of) for key, of in service.items()}, service, times["corrected"])
