"""Pages by the second in which they ended, per persona, service and cohort: how many, how long they took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.analysis.stream import pieces
from entsurge.analysis.tally import COLUMNS, LONGEST_SECONDS
from entsurge.record.histogram import upper_ends

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

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


def by_second(path: Path) -> BySecond:
    """The pages of a run directory, as far as its files go; one pass, memory as large as cells × seconds."""
    try:
        described = json.loads((path / "keys.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        described = []
    cells: dict[tuple[str, str, str], int] = {}
    row_of, outcome_of, served = [], [], []
    for each in described:
        page = each["kind"] == "page" and each["outcome"] in OUTCOMES and each.get("attempt") != "retry"
        cell = (each["persona"], each["service"], each.get("cohort", "control"))
        row_of.append(cells.setdefault(cell, len(cells)) if page else -1)
        outcome_of.append(OUTCOMES.index(each["outcome"]) if page and each["timing"] == "service" else -1)
        served.append(page and each["outcome"] == "ok" and each["timing"] == "corrected")
    fold = _Fold(len(cells), np.array(row_of, int), np.array(outcome_of, int), np.array(served, bool))
    for piece in pieces(path / "series.arrows", COLUMNS, []):
        fold.take(piece)
    counts = {name: fold.counts[number, :, : fold.last] for number, name in enumerate(OUTCOMES)}
    return BySecond(list(cells), counts, fold.logs[:, : fold.last])


class _Fold:
    def __init__(self, cells: int, row_of: Any, outcome_of: Any, served: Any) -> None:
        self.row_of, self.outcome_of, self.served = row_of, outcome_of, served
        self.counts = np.zeros((len(OUTCOMES), cells, 64))
        self.logs = np.zeros((cells, 64))
        self.last = 0

    def take(self, piece: pa.Table) -> None:
        """Add one piece of the file."""
        second, key, bucket, count = (piece.column(name).to_numpy() for name in COLUMNS)
        known = (key >= 0) & (key < len(self.row_of)) & (second >= 0) & (second < LONGEST_SECONDS)
        second, key, bucket, count = second[known], key[known], bucket[known].astype(np.int64), count[known]
        if not len(key):
            return
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
