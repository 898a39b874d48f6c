"""Pages by the second in which they ended, per persona, service and cohort: how many, how long they took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.record.histogram import upper_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.record.reading.series import Rows, Series

OUTCOMES = ("ok", "shed", "failed")


@dataclass(frozen=True)
class BySecond:
    """Arrays of cell × second. `logs` is the sum of the logarithms of the served pages' corrected seconds."""

    cells: list[tuple[str, str, str]]  # persona, service, cohort
    counts: dict[str, NDArray[np.float64]]
    logs: NDArray[np.float64]

    @property
    def seconds(self) -> int:
        """How many seconds there are."""
        return int(self.logs.shape[1])

    def where(self, *, persona: str = "*", service: str = "*", cohort: str = "*") -> NDArray[np.bool_]:
        """Which cells are meant; `*` means all."""
        wanted = (persona, service, cohort)
        return np.array(
            [all(want in ("*", is_) for want, is_ in zip(wanted, of, strict=True)) for of in self.cells], bool
        )

    def asked(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Pages asked per second of these cells together."""
        total: NDArray[np.float64] = sum(
            (self.counts[name][chosen].sum(0) for name in OUTCOMES), np.zeros(self.seconds)
        )
        return total

    def of(self, name: str, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Pages of this outcome per second of these cells together."""
        summed: NDArray[np.float64] = self.counts[name][chosen].sum(0)
        return summed

    def log_seconds(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum of the logarithms of the served pages' seconds, per second, of these cells together."""
        summed: NDArray[np.float64] = self.logs[chosen].sum(0)
        return summed


def by_second(series: Series) -> BySecond:
    """The first attempts of a run, as far as its files go; one pass, memory as large as cells × seconds."""
    judged = np.array([each is not None and each.outcome in OUTCOMES for each in series.keys], bool)
    pages = series.chosen(kind="page") & judged
    cells: dict[tuple[str, str, str], int] = {}
    row_of, outcome_of, served = (np.full(len(series.keys), -1), np.full(len(series.keys), -1), pages.copy())
    for number, (entry, mine) in enumerate(zip(series.keys, pages, strict=True)):
        if entry is None or not mine:
            continue
        row_of[number] = cells.setdefault((entry.persona, entry.service, entry.cohort), len(cells))
        outcome_of[number] = OUTCOMES.index(entry.outcome) if entry.timing == "service" else -1
        served[number] = entry.outcome == "ok" and entry.timing == "corrected"
    fold = _Fold(len(cells), row_of, outcome_of, served)
    for rows in series.rows(pages):
        fold.take(rows)
    counts = {name: fold.counts[number, :, : fold.last] for number, name in enumerate(OUTCOMES)}
    return BySecond(list(cells), counts, fold.logs[:, : fold.last])


class _Fold:
    def __init__(self, cells: int, row_of: Any, outcome_of: Any, served: Any) -> None:
        self.row_of, self.outcome_of, self.served = row_of, outcome_of, served
        self.counts = np.zeros((len(OUTCOMES), cells, 64))
        self.logs = np.zeros((cells, 64))
        self.last = 0

    def take(self, rows: Rows) -> None:
        """Add some rows."""
        second, key, bucket, count = rows
        self._grow(int(second.max()) + 1)
        row, outcome = self.row_of[key], self.outcome_of[key]
        told = outcome >= 0
        np.add.at(self.counts, (outcome[told], row[told], second[told]), count[told])
        timed = self.served[key]
        logs = np.log(upper_ends(bucket[timed]) / 1e6) * count[timed]
        np.add.at(self.logs, (row[timed], second[timed]), logs)

    def _grow(self, seconds: int) -> None:
        self.last = max(self.last, seconds)
        if seconds > self.logs.shape[1]:
            more = max(2 * self.logs.shape[1], seconds) - self.logs.shape[1]
            self.logs = np.pad(self.logs, ((0, 0), (0, more)))
            self.counts = np.pad(self.counts, ((0, 0), (0, 0), (0, more)))
