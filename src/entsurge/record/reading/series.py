"""The one reader of a run's histograms: rows that mean something, of the keys that are asked for, in bounded pieces.

First attempts only, unless retries are asked for: they are counted apart, everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from entsurge.record.histogram import BUCKETS
from entsurge.record.layout import KEYS, SERIES_FILE
from entsurge.record.reading.documents import document
from entsurge.record.reading.shapes import LONGEST_SECONDS
from entsurge.record.reading.stream import ROWS, pieces
from entsurge.record.schema import KINDS, SERIES, Attempt, Cohort, Kind, OutcomeName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("second", "key", "bucket", "count")
MOST_A_ROW = 10_000_000  # so many times of one key and bucket in one second are damage
_OUTCOMES, _COHORTS, _ATTEMPTS = (frozenset(get_args(of)) for of in (OutcomeName, Cohort, Attempt))
_TIMINGS = frozenset({"corrected", "service"})


class Entry(NamedTuple):
    """An entry of keys.json: a key, and which of its times a row counts."""

    kind: Kind
    persona: str
    group: str
    service: str
    page: str
    phase: str
    outcome: OutcomeName
    cohort: Cohort
    attempt: Attempt
    timing: str
    device: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Entry | None:
        """The entry that this says; None for what no version writes."""
        texts = [told.get(name, "") for name in cls._fields]
        texts[7], texts[8] = texts[7] or "control", texts[8] or "first"  # a run older than cohorts or retries
        if not all(isinstance(text, str) for text in texts):
            return None
        found = cls(*map(intern, texts))  # type: ignore[arg-type]  # checked in the next line
        known = (
            found.kind in KINDS and found.outcome in _OUTCOMES and found.cohort in _COHORTS
            and found.attempt in _ATTEMPTS and found.timing in _TIMINGS
        )  # fmt: skip
        return found if known else None


class Rows(NamedTuple):
    """Some rows of a run's histograms, by column."""

    second: NDArray[np.int64]
    key: NDArray[np.int64]
    bucket: NDArray[np.int64]
    times: NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """The histograms of a run directory; `keys[n]` is what key n means, None where that cannot be known.

    Nothing is read of the second `last` and later ones.
    """

    folder: Path
    keys: tuple[Entry | None, ...]
    last: int = LONGEST_SECONDS

    @classmethod
    def of(cls, folder: Path, notes: list[str], last: int = LONGEST_SECONDS) -> Series:
        """Those of this run directory."""
        told = document(folder / KEYS, list, notes) or []
        keys = tuple(Entry.of(each) if isinstance(each, dict) else None for each in told)
        return cls(folder, keys, min(last, LONGEST_SECONDS))

    def chosen(self, *, first_attempts: bool = True, **where: str) -> NDArray[np.bool_]:
        """By key: whether it is what is asked for, such as `kind="page"`; `*` stands for all."""
        asked = [(name, value) for name, value in where.items() if value != "*"]
        return np.array(
            [
                each is not None
                and not (first_attempts and each.attempt == "retry")
                and all(getattr(each, name) == value for name, value in asked)
                for each in self.keys
            ],
            bool,
        )

    def rows(
        self, chosen: NDArray[np.bool_] | None = None, notes: list[str] | None = None, at_once: int = ROWS
    ) -> Iterator[Rows]:
        """The rows of the chosen keys (of all for None), in the order of the file, about so many at once.

        Rows that mean nothing (unknown key, impossible time or count) are left out and noted.
        """
        notes = [] if notes is None else notes
        meant = np.array([each is not None for each in self.keys], bool)
        wanted = meant if chosen is None else chosen & meant
        unknown = 0
        for piece in pieces(self.folder / SERIES_FILE, SERIES, COLUMNS, notes, at_once):
            rows = Rows(*(piece.column(name).to_numpy().astype(np.int64) for name in COLUMNS))
            known = self._possible(rows)
            known[known] &= meant[rows.key[known]]
            unknown += len(known) - int(known.sum())
            known[known] &= wanted[rows.key[known]]
            if known.all():
                yield rows
            elif known.any():
                yield Rows(*(column[known] for column in rows))
        if unknown:
            notes.append(f"{SERIES_FILE}: {unknown} rows mean nothing (unknown key or time) and were skipped")

    def only_possible(self, rows: Rows) -> Rows:
        """These rows without those that mean nothing: an unknown key, an impossible time or count."""
        known = self._possible(rows)
        known[known] &= np.array([each is not None for each in self.keys], bool)[rows.key[known]]
        return Rows(*(column[known] for column in rows))

    def sums(self, chosen: NDArray[np.bool_], at_once: int = ROWS) -> Rows:
        """The rows of these keys added up over the run: one for each key and bucket; `second` is empty."""
        codes, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for rows in self.rows(chosen, at_once=at_once):
            more = np.concatenate([codes, rows.key * BUCKETS + rows.bucket])
            codes, place = np.unique(more, return_inverse=True)
            counts = np.bincount(place, np.concatenate([counts, rows.times]), minlength=len(codes)).astype(np.int64)
        return Rows(np.zeros(0, np.int64), codes // BUCKETS, codes % BUCKETS, counts)

    def _possible(self, rows: Rows) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (
            (rows.key >= 0) & (rows.key < len(self.keys)) & (rows.bucket >= 0) & (rows.bucket < BUCKETS)
            & (rows.second >= 0) & (rows.second < self.last) & (rows.times > 0) & (rows.times <= MOST_A_ROW)
        )  # fmt: skip
        return found
