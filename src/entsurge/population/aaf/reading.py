"""Reads AAF files entry by entry, each held against the DTD; nothing outside the files is ever loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from entsurge.errors import UsageError
from entsurge.population.aaf.entry import KINDS, ROOT, Entry, dtd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Kind

_NAME = re.compile(r"(?:^|_)(EtabEducNat|MatiereEducNat|MefEducNat|PersEducNat|PersRelEleve|Eleve)_(\d{4})\.xml$")
MOST_FAULTS = 20
REQUESTS = ("addRequest", "modifyRequest", "deleteRequest")


def kind_of(path: Path) -> Kind | None:
    """What a file holds, by its name; None for a name that is no AAF file's."""
    found = _NAME.search(path.name)
    return found[1] if found else None  # type: ignore[return-value]


def in_order(paths: Iterable[Path]) -> list[Path]:
    """The AAF files among these files and folders, as they are to be loaded: full before incremental, schools first.

    Raises UsageError when there is none.
    """
    given = list(paths)
    found = [each for path in given for each in (path.glob("*.xml") if path.is_dir() else [path])]
    known = [path for path in found if kind_of(path)]
    if not known:
        raise UsageError(
            f"{', '.join(map(str, given))}: no AAF file",
            hint="names end in a kind and a number, such as SYN_Complet_20260901_Eleve_0000.xml",
        )
    return sorted(known, key=lambda path: ("_Delta_" in path.name, KINDS.index(kind_of(path) or "Eleve"), path.name))


def read(path: Path, *, checked: bool = False) -> Iterator[Entry]:
    """The entries of one file. Raises UsageError, naming line and fault, at the first that the DTD does not allow.

    `checked`: the file has been held against the DTD before.
    """
    kind = kind_of(path)
    if kind is None:
        raise UsageError(f"{path}: not named as an AAF file")
    try:
        with path.open("rb") as stream:
            events = etree.iterparse(
                stream, events=("start", "end"), load_dtd=False, no_network=True, resolve_entities=False
            )
            _, root = next(iter(events))
            if root.tag != ROOT:
                raise UsageError(f"{path}: line {root.sourceline}: <{root.tag}>; expected <{ROOT}>")
            for event, element in events:
                if event == "end" and element.getparent() is root:
                    yield Entry.of(element, kind) if checked else _checked(element, kind, path)
                    element.clear()
                    while element.getprevious() is not None:
                        del root[0]
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{path}: not XML: {error}") from None
    except (OSError, StopIteration) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


def _checked(element: etree._Element, kind: Kind, path: Path) -> Entry:
    """The entry of an element. Raises UsageError for what neither DTD nor file name allow."""
    if element.tag not in REQUESTS:
        raise UsageError(f"{path}: line {element.sourceline}: <{element.tag}>; expected {', '.join(REQUESTS)}")
    if next(element.iter(etree.Entity), None) is not None:
        raise UsageError(f"{path}: line {element.sourceline}: an entity; expected text")
    rules = dtd()
    if not rules.validate(element):
        faults = [
            f"{path}: line {element.sourceline}: {fault.message}"
            for fault in rules.error_log.filter_from_errors()[:MOST_FAULTS]
        ]
        raise UsageError("\n".join(faults))
    said = element.findtext("operationalAttributes/attr/value")
    if said != kind:
        raise UsageError(f"{path}: line {element.sourceline}: an entry of {said!r} in a file of {kind}")
    return Entry.of(element, kind)
