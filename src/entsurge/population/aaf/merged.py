"""A full export with its incremental ones: what is in force after all of them, as a stream."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from entsurge.population.aaf.reading import in_order, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Entry

Identity = tuple[str, str]


@dataclass
class Merged:
    """AAF files and folders together. Memory holds the incremental files, and of the full ones the join ids.

    `warnings` fills while the entries are read.
    """

    paths: Iterable[Path]
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = in_order(self.paths)
        self._checked = False  # every file has been held against the DTD once

    def entries(self) -> Iterator[Entry]:
        """Every entry in force. Raises UsageError for a file that breaks the DTD."""
        self.warnings.clear()
        later: dict[Identity, list[Entry]] = self._incremental()
        seen: set[Identity] = set()
        for path in self.files:
            for entry in read(path, checked=self._checked) if not _is_delta(path) else ():
                identity: Identity = (entry.kind, entry.id)
                if identity in seen:
                    self.warnings.append(f"{path}: {entry.kind} {entry.id} stands there twice; the second is left out")
                    continue
                seen.add(identity)
                yield from self._after(entry, later.get(identity, ()))
        self._checked = True
        for known, changes in later.items():
            if known not in seen:
                yield from self._after(None, changes)

    def _incremental(self) -> dict[Identity, list[Entry]]:
        """What the incremental files say of each join id, in order."""
        later: dict[Identity, list[Entry]] = defaultdict(list)
        for path in filter(_is_delta, self.files):
            for entry in read(path, checked=self._checked):
                later[entry.kind, entry.id].append(entry)
        return later

    def _after(self, entry: Entry | None, changes: Iterable[Entry]) -> Iterator[Entry]:
        """What becomes of an entry: itself, changed or not; nothing when it is deleted in the end."""
        for change in changes:
            if change.request == "add":
                entry = change
            elif entry is None:
                self.warnings.append(f"{change.kind} {change.id} is to be changed or deleted, but is not there")
            elif change.request == "delete":
                entry = None
            else:
                new = dict(entry.attributes) | dict(change.attributes)
                entry = replace(entry, attributes=tuple(new.items()))
        if entry is not None:
            yield entry


def _is_delta(path: Path) -> bool:
    return "_Delta_" in path.name
