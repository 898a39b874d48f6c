"""Takes in pages, requests and visits on the hot path; folds them into histograms once a second."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from entsurge.record.histogram import buckets
from entsurge.record.redaction import redact
from entsurge.record.transport import KIND, QUEUED_US, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entsurge.record.transport import Timing

EXAMPLES_PER_SIGNATURE = 3
TIMED_TWICE = ("page", "phased")  # kinds of key with a corrected and a service time


class Key(NamedTuple):
    """What a time belongs to; becomes two entries of keys.json for a page: corrected and service.

    `phased` is the same page once more, under the part of the window that it is due in: baseline, fault, recovery.
    """

    kind: str
    persona: str
    group: str
    service: str
    page: str
    phase: str
    outcome: str
    cohort: str = "control"
    attempt: str = "first"


@dataclass(frozen=True)
class Fold:
    """One second's counts: how often each key occurred, its service times and (of a page) corrected latencies in µs."""

    second: int
    counts: dict[Key, int]
    times_us: dict[Key, Any]
    corrected_us: dict[Key, Any] = field(default_factory=dict)


class Sink(Protocol):
    """Where a recorder writes: a run directory, or the outbox of a worker."""

    def write_json(self, name: str, value: object) -> None:
        """A whole JSON file."""
        ...

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """One line of a `.jsonl` file."""
        ...

    def series(self, columns: Sequence[Any]) -> None:
        """One batch of counts."""
        ...

    def visits(self, rows: list[dict[str, Any]]) -> None:
        """Finished visits."""
        ...


class Recorder:
    """The record of one process. Not shared between processes: each numbers its own batches."""

    def __init__(self, directory: Sink, *, worker: int = 0) -> None:
        self.directory, self.worker, self.sequence = directory, worker, 0
        self.ids: dict[Key, int] = {}
        self.described: list[dict[str, str]] = []
        self.key_column, self.time_column = array("q"), array("q")
        self.finished_visits: list[dict[str, Any]] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.signatures: Counter[str] = Counter()
        self.listeners: list[Callable[[Fold], None]] = []
        self._described_written = 0
        self._answers: dict[tuple[str, ...], int] = {}  # the number of a wait; that of its transfer follows

    def page(self, key: Key, corrected_us: int, service_us: int) -> None:
        """One page view: its corrected latency and its service time, in µs."""
        found = self.ids.get(key)
        if found is None:
            found = self._number(key)
        self.key_column.extend((found, found + 1))
        self.time_column.extend((corrected_us, service_us))

    def request(self, key: Key, microseconds: int) -> None:
        """One request's time in µs."""
        found = self.ids.get(key)
        if found is None:
            found = self._number(key)
        self.key_column.append(found)
        self.time_column.append(microseconds)

    def transport(self, request: Key, protocol: str, timing: Timing) -> None:
        """Where the time of a request that was answered went, but for making a connection.

        Personas and groups are not told apart: what a request waits for on the wire is the service's.
        """
        where = (request.service, request.phase, request.outcome, request.attempt, protocol)
        found = self._answers.get(where)
        if found is None:
            found = self._answers[where] = self._step("wait", protocol, request)
            self._step("transfer", protocol, request)
        name_us, connect_us, tls_us, wait_us, transfer_us, total_us = timing
        self._add(found, wait_us)
        self._add(found + 1, transfer_us)
        queue_us = total_us - name_us - connect_us - tls_us - wait_us - transfer_us
        if queue_us >= QUEUED_US:
            self._add(self._step("queue", protocol, request), queue_us)

    def connection(self, of: Key, protocol: str, how: str, times_us: tuple[int, int, int]) -> None:
        """A connection made `how` (plain, full, resumed); what asking for the name, TCP and TLS took."""
        name_us, connect_us, tls_us = times_us
        self._add(self._step("name", protocol, of), name_us)
        self._add(self._step("connect", protocol, of), connect_us)
        if how != "plain":
            self._add(self._step(f"tls-{how}", protocol, of), tls_us)

    def visit(self, row: dict[str, Any]) -> None:
        """One finished visit, a row of visits.arrows."""
        self.finished_visits.append(row)

    def failure(self, t: float, signature: str, row: dict[str, Any]) -> None:
        """An example of what went wrong; the first few of each signature are kept, redacted."""
        self.signatures[signature] += 1
        if self.signatures[signature] <= EXAMPLES_PER_SIGNATURE:
            whole = {"t": round(t, 3), "signature": signature, "count": self.signatures[signature], **row}
            self.lines.append(("failures.jsonl", redact(whole)))

    def created(self, row: dict[str, Any]) -> None:
        """Something that the run wrote on the target."""
        self.lines.append(("created.jsonl", row))

    def _add(self, number: int, microseconds: int) -> None:
        self.key_column.append(number)
        self.time_column.append(microseconds)

    def _step(self, name: str, protocol: str, of: Key) -> int:
        """The number of a step's key, new or known."""
        key = Key(KIND, "", "", of.service, Step(name, protocol).page, of.phase, of.outcome, attempt=of.attempt)
        found = self.ids.get(key)
        return self._number(key) if found is None else found

    def _number(self, key: Key) -> int:
        number = len(self.described)
        entry = dict(key._asdict())
        for timing in ("corrected", "service") if key.kind in TIMED_TWICE else ("service",):
            self.described.append({**entry, "timing": timing})
        self.ids[key] = number
        return number

    def fold(self, second: int) -> Fold:
        """Write what came in since the last fold as this second's batch; tell the listeners; start anew."""
        keys = np.frombuffer(self.key_column, dtype=np.int64).copy()
        times = np.frombuffer(self.time_column, dtype=np.int64).copy()
        self.key_column, self.time_column = array("q"), array("q")
        visits, self.finished_visits = self.finished_visits, []
        if len(self.described) > self._described_written:
            self.directory.write_json("keys.json", self.described)
            self._described_written = len(self.described)
        if len(keys):
            self._write(second, keys, times)
        self.directory.visits(visits)
        lines, self.lines = self.lines, []
        for name, row in lines:
            self.directory.append(name, row)
        fold = self._summary(second, keys, times)
        for listener in self.listeners:
            listener(fold)
        return fold

    def _write(self, second: int, keys: Any, times: Any) -> None:
        pairs, counts = np.unique(keys * 65536 + buckets(times), return_counts=True)
        size = len(pairs)
        columns = (
            np.full(size, second, np.int32), np.full(size, self.worker, np.int16),
            np.full(size, self.sequence, np.int32), (pairs // 65536).astype(np.int32),
            (pairs % 65536).astype(np.int32), counts.astype(np.int32),
        )  # fmt: skip
        self.sequence += 1
        self.directory.series(columns)

    def _summary(self, second: int, keys: Any, times: Any) -> Fold:
        """Counts and times by key: sorted once, then cut where the key changes."""
        order = np.argsort(keys, kind="stable")
        keys, times = keys[order], times[order]
        present, begins = np.unique(keys, return_index=True)
        pieces = dict(zip(present.tolist(), np.split(times, begins[1:]), strict=True)) if len(keys) else {}
        by_key: dict[Key, Any] = {}
        corrected: dict[Key, Any] = {}
        for key, number in self.ids.items():
            twice = key.kind in TIMED_TWICE
            found = pieces.get(number + 1 if twice else number)
            if found is not None:
                by_key[key] = found
                if twice:
                    corrected[key] = pieces[number]
        return Fold(second, {key: len(found) for key, found in by_key.items()}, by_key, corrected)
