"""A full export with its incremental ones: what is in force after all of them, as a stream."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from entsurge.population.aaf.reading import in_order, others, read
from entsurge.population.left_out import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Entry

Identity = tuple[str, str]


@dataclass
class Merged:
    """AAF files and folders together. Memory holds the incremental files, and of the full ones the join ids.

    `left_out` fills while the entries are read for the first time.
    """

    paths: Iterable[Path]
    left_out: LeftOut = field(default_factory=LeftOut)

    def __post_init__(self) -> None:
        self.paths = list(self.paths)
        self.files = in_order(self.paths)
        self._checked = False  # every file has been held against the DTD once
        for path in others(self.paths):
            self.left_out.add("XML files that are none of AAF's, left out", path.name)

    @property
    def warnings(self) -> list[str]:
        """What was left out or is doubted, a sentence a kind."""
        return self.left_out.lines()

    def entries(self) -> Iterator[Entry]:
        """Every entry in force. Raises UsageError for a file that breaks the DTD."""
        later: dict[Identity, list[Entry]] = self._incremental()
        seen: set[Identity] = set()
        for path in self.files:
            for entry in self._read(path) if not _is_delta(path) else ():
                identity: Identity = (entry.kind, entry.id)
                if identity in seen:
                    self._say(f"{entry.kind} that stand there twice, the second left out", f"{entry.id} in {path.name}")
                    continue
                seen.add(identity)
                yield from self._after(entry, later.get(identity, ()))
        for known, changes in later.items():
            if known not in seen:
                yield from self._after(None, changes)
        self._checked = True

    def _incremental(self) -> dict[Identity, list[Entry]]:
        """What the incremental files say of each join id, in order."""
        later: dict[Identity, list[Entry]] = defaultdict(list)
        for path in filter(_is_delta, self.files):
            for entry in self._read(path):
                later[entry.kind, entry.id].append(entry)
        return later

    def _read(self, path: Path) -> Iterator[Entry]:
        for entry in read(path, checked=self._checked):
            if not self._checked and (doubt := next(filter(None, map(_doubt, _texts(entry))), "")):
                self._say(f"{entry.kind} with {doubt}", f"{entry.id} in {path.name}")
            yield entry

    def _after(self, entry: Entry | None, changes: Iterable[Entry]) -> Iterator[Entry]:
        """What becomes of an entry: itself, changed or not; nothing when it is deleted in the end."""
        for change in changes:
            if change.request == "add":
                entry = change
            elif entry is None:
                self._say(f"{change.kind} to be changed or deleted that are not there", change.id)
            elif change.request == "delete":
                entry = None
            else:
                new = dict(entry.attributes) | dict(change.attributes)
                entry = replace(entry, attributes=tuple(new.items()))
        if entry is not None:
            yield entry

    def _say(self, what: str, example: str) -> None:
        if not self._checked:
            self.left_out.add(what, example)


def _is_delta(path: Path) -> bool:
    return "_Delta_" in path.name


def _texts(entry: Entry) -> Iterator[str]:
    for _, values in entry.attributes:
        yield from values


def _doubt(text: str) -> str:
    """What is odd about the letters of a text, if its encoding was not the declared one; empty for nothing."""
    if text.isascii():
        return ""
    for taken_for in ("cp1252", "iso-8859-15", "iso-8859-1"):
        try:
            text.encode(taken_for).decode("utf-8")
        except UnicodeError:
            continue
        return "letters that were encoded twice (Ã© for é)"
    if any("\x80" <= letter <= "\x9f" for letter in text):
        return "letters of Windows-1252 in a file that says it is in another encoding"
    return ""
