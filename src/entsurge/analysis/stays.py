"""The visits of a run as columns, read in pieces: one number or one code a visit, and sums of pages by service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.analysis.stream import Words, pieces

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

TEXTS = ("persona", "group", "school", "phase", "sign_on", "end")
NUMBERS = (
    "due_us", "start_us", "end_us", "planned", "ok", "shed", "failed", "lost", "unserved", "planned_gap_us",
    "waiting_us", "work_planned", "work_served",
)  # fmt: skip
PAGES = ("planned", "ok", "shed", "failed", "lost")
SUM_KEY = ("phase", "persona", "sign_on")


@dataclass(frozen=True)
class Stays:
    """Visits by column: `stays["ok"]` are numbers; texts are codes whose words are in `words`.

    `services` has the sums of PAGES by (phase, persona, sign_on, service), of the run as a whole.
    """

    columns: dict[str, NDArray[Any]]
    words: dict[str, list[str]]
    services: dict[tuple[str, str, str, str], dict[str, int]]
    chosen: NDArray[np.intp] | None = None  # places of the visits that this is about; None for all

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self.columns[name]
        return column if self.chosen is None else column[self.chosen]

    def __len__(self) -> int:
        return len(self.columns["due_us"] if self.chosen is None else self.chosen)

    def where(self, **asked: str) -> NDArray[np.bool_]:
        """Which visits have these words, such as `persona="student"`."""
        chosen = np.ones(len(self), bool)
        for name, word in asked.items():
            chosen &= self[name] == (self.words[name].index(word) if word in self.words[name] else -1)
        return chosen

    def among(self, name: str, words: set[str]) -> NDArray[np.bool_]:
        """Which visits have one of these words."""
        codes = [code for code, word in enumerate(self.words[name]) if word in words]
        found: NDArray[np.bool_] = np.isin(self[name], codes)
        return found

    def only(self, chosen: NDArray[np.bool_]) -> Stays:
        """These visits alone, without a copy of them; `services` stays that of the run."""
        places = np.flatnonzero(chosen)
        return replace(self, chosen=places if self.chosen is None else self.chosen[places])

    def pages(self, **asked: str) -> dict[str, int]:
        """The sums of PAGES by `phase`, `persona`, `sign_on`, `service`; what is not named stands for all."""
        names = (*SUM_KEY, "service")
        sums = dict.fromkeys(PAGES, 0)
        for key, of in self.services.items():
            if all(word == asked.get(name, word) for name, word in zip(names, key, strict=True)):
                for page, count in of.items():
                    sums[page] += count
        return sums

    def count_by(self, name: str) -> dict[str, int]:
        """How many visits have each word, those that occur."""
        counted = np.bincount(self[name], minlength=len(self.words[name])).tolist()
        return {word: count for word, count in zip(self.words[name], counted, strict=True) if count}


def read_stays(path: Path, notes: list[str]) -> Stays:
    """The visits of a visits.arrows file, as far as it goes."""
    words = {name: Words() for name in (*TEXTS, "service")}
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*TEXTS, *NUMBERS)}
    services: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for piece in pieces(path, (*TEXTS, *NUMBERS, "services"), notes, rows=1 << 14):
        codes = {name: words[name].codes(piece.column(name)) for name in TEXTS}
        for name, column in codes.items():
            parts[name].append(column)
        for name in NUMBERS:
            column = piece.column(name).to_numpy()
            parts[name].append(column.astype(np.int64) if column.dtype == object else column)
        _add_services(piece, codes, words, services)
    columns: dict[str, NDArray[Any]] = {}
    for name in list(parts):
        part = parts.pop(name)  # let go column by column: never is everything there twice
        columns[name] = np.concatenate(part) if part else np.zeros(0, np.int64)
    return Stays(columns, {name: words[name].known for name in TEXTS}, services)


def _add_services(
    piece: pa.Table,
    codes: dict[str, NDArray[Any]],
    words: dict[str, Words],
    services: dict[tuple[str, str, str, str], dict[str, int]],
) -> None:
    """Add the pages of every service of every visit to the sums."""
    lists = piece.column("services").combine_chunks()
    lengths = np.nan_to_num(lists.value_lengths().to_numpy(zero_copy_only=False)).astype(np.int64)
    of = lists.flatten()
    if not len(of):
        return
    service = words["service"].codes(_chunked(of.field("service")))
    sizes = [len(words[name].known) for name in (*SUM_KEY, "service")]
    visit = np.repeat(np.arange(len(lengths)), lengths)
    place = np.ravel_multi_index((*(codes[name][visit] for name in SUM_KEY), service), sizes)
    sums = {name: np.bincount(place, of.field(name).to_numpy(zero_copy_only=False)) for name in PAGES}
    for each in np.unique(place).tolist():
        parts = [int(part) for part in np.unravel_index(each, sizes)]
        named = (*(words[name].known[code] for name, code in zip(SUM_KEY, parts, strict=False)),
                 words["service"].known[parts[-1]])  # fmt: skip
        known = services.setdefault(named, dict.fromkeys(PAGES, 0))  # type: ignore[arg-type]
        for name in PAGES:
            known[name] += int(sums[name][each])


def _chunked(column: pa.Array) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([column])
