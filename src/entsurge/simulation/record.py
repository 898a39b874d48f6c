"""What a simulation records, as a run does: pages into histograms, visits into rows; written by whole batches."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.audience.devices import DEVICES
from entsurge.record.histogram import buckets
from entsurge.record.schema import PAGE_OUTCOMES, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.plan.arrivals import Stream
    from entsurge.record.writer import RunDirectory
    from entsurge.simulation.costs import Page
    from entsurge.simulation.rows import VisitRows
    from entsurge.simulation.visits import Stay

PAGES_A_BATCH = 100_000
_PHASES, _OUTCOMES, _ATTEMPTS = 3, len(PAGE_OUTCOMES), 2
_BY = ("", *DEVICES)
_DEVICE = {device: number for number, device in enumerate(_BY)}


class PaperRecord:
    """Takes in pages and visits; `flush` writes what has come in. Memory is that of one batch."""

    def __init__(
        self, directory: RunDirectory, pages: Sequence[Page], streams: Sequence[Stream], phases: Sequence[Any],
        visit_rows: VisitRows,
    ) -> None:  # fmt: skip
        self.directory, self.pages, self.streams, self.rows = directory, pages, streams, visit_rows
        self.phases = [each["name"] for each in phases]
        self.begin_us, self.end_us = (int(phases[1][name] * 1e6) for name in ("start_s", "end_s"))
        self.outcomes = [0] * _OUTCOMES
        self._codes, self._ends, self._took = array("q"), array("q"), array("q")
        self._finished: list[Stay] = []
        self._described: list[dict[str, str]] = []
        self._numbers = np.full(len(pages) * _PHASES * _OUTCOMES * _ATTEMPTS * len(_BY), -1, np.int64)
        self._sequence = 0

    def page(self, code: int, stay: Stay, start_us: int, end_us: int, outcome: int) -> None:
        """One page view, or one sign-on."""
        phase = 0 if start_us < self.begin_us else 1 if start_us < self.end_us else 2
        attempt = 1 if stay.attempt else 0
        place = (code * len(_BY) + _DEVICE[stay.device]) * _PHASES + phase
        self._codes.append((place * _OUTCOMES + outcome) * _ATTEMPTS + attempt)
        self._ends.append(end_us)
        self._took.append(end_us - start_us)

    def visit(self, stay: Stay) -> None:
        """One finished visit, or one that could not begin."""
        self._finished.append(stay)
        if len(self._codes) >= PAGES_A_BATCH or len(self._finished) >= PAGES_A_BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what has come in. Raises CannotRecord."""
        if self._codes:
            self._series()
        finished, self._finished = self._finished, []
        self.rows.held_us(finished, self.begin_us, self.end_us)
        for retries in (False, True):
            some = [stay for stay in finished if bool(stay.attempt) is retries]
            if some:
                self.directory.visit_batch(self.rows.batch(some, retries=retries), retries=retries)

    def _series(self) -> None:
        codes, ends, took = (np.frombuffer(each, np.int64) for each in (self._codes, self._ends, self._took))
        self._codes, self._ends, self._took = array("q"), array("q"), array("q")
        self._count(codes)
        numbers = self._numbered(codes)
        order = np.lexsort((buckets(took), numbers, ends // 1_000_000))
        columns = np.stack([(ends // 1_000_000)[order], numbers[order], buckets(took)[order]])
        fresh = np.flatnonzero(np.concatenate([[True], (np.diff(columns, axis=1) != 0).any(axis=0)]))
        counts = np.diff(np.append(fresh, len(order)))
        second, number, bucket = columns[:, fresh]
        self._write(*(np.repeat(each, 2) for each in (second, number, bucket, counts)))

    def _write(self, second: Any, number: Any, bucket: Any, counts: Any) -> None:
        """Each page under the key of its corrected time and under that of its service time: on paper they are one."""
        number = number + np.tile([0, 1], len(number) // 2)
        size = len(second)
        self.directory.series(
            (second.astype(np.int32), np.zeros(size, np.int16), np.full(size, self._sequence, np.int32),
             number.astype(np.int32), bucket.astype(np.int32), counts.astype(np.int32))
        )  # fmt: skip
        self._sequence += 1

    def _count(self, codes: NDArray[np.int64]) -> None:
        for outcome, count in enumerate(np.bincount(codes // _ATTEMPTS % _OUTCOMES, minlength=_OUTCOMES).tolist()):
            self.outcomes[outcome] += count

    def _numbered(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of keys.json; new ones are described first."""
        new = [code for code in np.unique(codes).tolist() if self._numbers[code] < 0]
        for code in new:
            self._numbers[code] = len(self._described)
            entry = self._key(code)._asdict()
            self._described += [{**entry, "timing": timing} for timing in ("corrected", "service")]
        if new:
            self.directory.keys(self._described)
        return self._numbers[codes]

    def _key(self, code: int) -> Key:
        rest, attempt = divmod(code, _ATTEMPTS)
        rest, outcome = divmod(rest, _OUTCOMES)
        rest, phase = divmod(rest, _PHASES)
        number, device = divmod(rest, len(_BY))
        page = self.pages[number]
        stream = self.streams[page.stream]
        return Key(
            "page", stream.persona, stream.group.name, page.service, page.action, self.phases[phase],
            PAGE_OUTCOMES[outcome], attempt="retry" if attempt else "first", device=_BY[device],
        )  # fmt: skip
