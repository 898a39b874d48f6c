"""The visits of a run as columns, read in pieces: one number or one code a visit, and sums of pages by service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from entsurge.record.reading.shapes import LONGEST_SECONDS
from entsurge.record.reading.stream import Words, pieces
from entsurge.record.schema import VISITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from entsurge.record.reading.shapes import Phase

TEXTS = ("persona", "group", "school", "phase", "sign_on", "end", "device")
NEWER = ("device",)  # than the first runs of this format
NUMBERS = (
    "due_us", "start_us", "end_us", "planned", "ok", "shed", "failed", "lost", "unserved", "planned_gap_us",
    "waiting_us", "work_planned", "work_served",
)  # fmt: skip
PAGES = ("planned", "ok", "shed", "failed", "lost")
SUM_KEY = ("phase", "part", "persona", "sign_on", "end")
LONGEST_US, MOST_PAGES = LONGEST_SECONDS * 1_000_000, 1_000_000  # more is damage, not a visit


class Place(NamedTuple):
    """What sums of pages are of; `part` is of the window that faults cut up, empty where there is none."""

    phase: str
    part: str
    persona: str
    sign_on: str
    end: str
    service: str


@dataclass(frozen=True)
class Stays:
    """Visits by column: `stays["ok"]` are numbers; texts are codes whose words are in `words`.

    `part` is that of the window in which a visit was due: baseline, fault, recovery. `services` has the sums of PAGES,
    of the run as a whole.
    """

    columns: dict[str, NDArray[Any]]
    words: dict[str, list[str]]
    services: dict[Place, dict[str, int]]
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
        """The sums of PAGES by `phase`, `part`, `persona`, `sign_on`, `end`, `service`; what is not named is all."""
        sums = dict.fromkeys(PAGES, 0)
        for place, of in self.services.items():
            if all(getattr(place, name) == word for name, word in asked.items()):
                for page, count in of.items():
                    sums[page] += count
        return sums

    def count_by(self, name: str) -> dict[str, int]:
        """How many visits have each word, those that occur."""
        counted = np.bincount(self[name], minlength=len(self.words[name])).tolist()
        return {word: count for word, count in zip(self.words[name], counted, strict=True) if count}


def read_stays(path: Path, notes: list[str], parts_of_window: Sequence[Phase] = ()) -> Stays:
    """The visits of a visits.arrows file, as far as it goes; those that cannot be are left out and noted."""
    words = {name: Words() for name in (*TEXTS, "part", "service")}
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*TEXTS, "part", *NUMBERS)}
    services: dict[Place, dict[str, int]] = {}
    left_out = 0
    for piece in pieces(path, VISITS, (*TEXTS, *NUMBERS, "services"), notes, rows=1 << 14, newer=NEWER):
        possible = _possible(piece)
        left_out += len(possible) - int(possible.sum())
        whole = piece if possible.all() else piece.filter(pa.array(possible))
        codes = {name: words[name].codes(whole.column(name)) for name in TEXTS}
        codes["part"] = _part(whole.column("due_us").to_numpy(), parts_of_window, words["part"])
        for name, column in codes.items():
            parts[name].append(column)
        for name in NUMBERS:
            column = whole.column(name).to_numpy()
            parts[name].append(column.astype(np.int64) if column.dtype == object else column)
        _add_services(whole, codes, words, services)
    if left_out:
        notes.append(f"{path.name}: {left_out} visits with impossible times or counts were skipped")
    columns: dict[str, NDArray[Any]] = {}
    for name in list(parts):
        part = parts.pop(name)  # let go column by column: never is everything there twice
        columns[name] = np.concatenate(part) if part else np.zeros(0, np.int64)
    return Stays(columns, {name: words[name].known for name in (*TEXTS, "part")}, services)


def _possible(piece: pa.Table) -> NDArray[np.bool_]:
    """Which visits have times and counts that a run can have."""
    found = np.ones(piece.num_rows, bool)
    for name in ("due_us", "start_us", "end_us", "planned_gap_us", "waiting_us"):
        found &= np.abs(piece.column(name).to_numpy().astype(np.float64)) < LONGEST_US
    for name in (*PAGES, "unserved"):
        pages = piece.column(name).to_numpy()
        found &= (pages >= 0) & (pages < MOST_PAGES)
    return found


def _part(due_us: NDArray[np.int64], parts: Sequence[Phase], words: Words) -> NDArray[np.int16]:
    """The part of the window in which each visit was due."""
    found = np.full(len(due_us), words.number(""), np.int16)
    for each in parts:
        inside = (due_us >= each["start_s"] * 1e6) & (due_us < each["end_s"] * 1e6)
        found[inside] = words.number(each["name"])
    return found


def _add_services(
    piece: pa.Table, codes: dict[str, NDArray[Any]], words: dict[str, Words], services: dict[Place, dict[str, int]]
) -> None:
    """Add the pages of every service of every visit to the sums."""
    lists = piece.column("services").combine_chunks()
    lengths = np.nan_to_num(lists.value_lengths().to_numpy(zero_copy_only=False)).astype(np.int64)
    of = lists.flatten()
    if not len(of):
        return
    service = words["service"].codes(pa.chunked_array([of.field("service")]))
    sizes = [len(words[name].known) for name in (*SUM_KEY, "service")]
    visit = np.repeat(np.arange(len(lengths)), lengths)
    place = np.ravel_multi_index((*(codes[name][visit] for name in SUM_KEY), service), sizes)
    pages = {name: of.field(name).fill_null(0).to_numpy(zero_copy_only=False) for name in PAGES}
    sums = {
        name: np.bincount(place, np.where((counts >= 0) & (counts < MOST_PAGES), counts, 0))
        for name, counts in pages.items()
    }
    for each in np.unique(place).tolist():
        parts = [int(part) for part in np.unravel_index(each, sizes)]
        named = Place(*(words[name].known[code] for name, code in zip((*SUM_KEY, "service"), parts, strict=True)))
        known = services.setdefault(named, dict.fromkeys(PAGES, 0))
        for name in PAGES:
            known[name] += int(sums[name][each])
