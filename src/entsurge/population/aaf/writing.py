"""Writes AAF files entry by entry: a file holds so many at most, and memory holds one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from lxml import etree

from entsurge.errors import CannotRecord, UsageError
from entsurge.population.aaf.entry import DTD_NAME, ENCODING, ROOT, dtd_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from entsurge.population.aaf.entry import Entry, Kind

ENTRIES_PER_FILE = 20_000


def write(
    entries: Iterable[Entry],
    folder: Path,
    *,
    date: str,
    incremental: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[Kind, int]:
    """Write the entries into numbered files of the folder, and the DTD beside them; how many of each kind.

    Entries of one kind must follow each other. Raises UsageError when the folder holds AAF files, CannotRecord.
    """
    if folder.is_dir() and any(folder.glob("*_0000.xml")):
        raise UsageError(f"{folder}: holds AAF files already", hint="name an empty folder with --out")
    counts: dict[Kind, int] = {}
    stem = f"SYN_ENTSURGE_{'Delta' if incremental else 'Complet'}_{date}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DTD_NAME).write_text(dtd_text(), "ascii")
        with ExitStack() as opened:
            stream: Any = None
            kind: Kind | None = None
            for number, entry in enumerate(entries):
                before = counts.get(entry.kind, 0)
                if before and entry.kind != kind:
                    raise ValueError(f"entries of {entry.kind} do not follow each other")
                kind = entry.kind
                if before % ENTRIES_PER_FILE == 0:
                    opened.close()
                    path = folder / f"{stem}_{entry.kind}_{before // ENTRIES_PER_FILE:04d}.xml"
                    stream = _open(path, opened)
                stream.write(entry.element(), pretty_print=True)
                counts[entry.kind] = before + 1
                if number % 1000 == 0:
                    progress(number)
    except OSError as error:
        raise CannotRecord(f"{folder}: {error.strerror or error}") from None
    return counts


def _open(path: Path, opened: ExitStack) -> Any:
    """A file with its declaration, its DTD named and its root open; `opened` closes it."""
    raw = opened.enter_context(path.open("wb"))
    stream = opened.enter_context(etree.xmlfile(raw, encoding=ENCODING))
    stream.write_declaration()
    stream.write_doctype(f'<!DOCTYPE {ROOT} SYSTEM "{DTD_NAME}">')
    opened.enter_context(stream.element(ROOT))
    return stream
