"""Reads AAF files entry by entry, each held against the DTD; nothing outside the files is ever loaded."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from lxml import etree

from entsurge.errors import UsageError
from entsurge.population.aaf.entry import KINDS, ROOT, Entry, categories, dtd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Kind

_NAME = re.compile(
    r"(?:^|_)(EtabEducNat|Mat(?:iere)?EducNat|MefEducNat|PersEducNat|PersRelEleve|Eleve)_(\d{4})\.(?i:xml(?:\.gz)?)$"
)
GZIP = b"\x1f\x8b"
MOST_FAULTS = 20
REQUESTS = ("addRequest", "modifyRequest", "deleteRequest")
ENCODED = 'its first line must say in which encoding it is, such as encoding="ISO-8859-15"'
PLAIN = "letters, &amp;, &lt; and &#233; are text; an entity of one's own may stand for anything"


def kind_of(path: Path) -> Kind | None:
    """What a file holds, by its name; None for a name that is no AAF file's."""
    found = _NAME.search(path.name)
    return found[1].replace("MatEducNat", "MatiereEducNat") if found else None  # type: ignore[return-value]


def in_order(paths: Iterable[Path]) -> list[Path]:
    """The AAF files among these files and folders, as they are to be loaded: full before incremental, schools first.

    Raises UsageError when there is none.
    """
    given = list(paths)
    known = [path for path in _files(given) if kind_of(path)]
    if not known:
        raise UsageError(
            f"{', '.join(map(str, given))}: no AAF file",
            hint="names end in a kind and a number, such as SYN_Complet_20260901_Eleve_0000.xml",
        )
    return sorted(known, key=lambda path: ("_Delta_" in path.name, KINDS.index(kind_of(path) or "Eleve"), path.name))


def others(paths: Iterable[Path]) -> list[Path]:
    """What `in_order` leaves out: of files that are named all, of folders those of XML."""
    given = list(paths)
    return [path for path in _files(given) if not kind_of(path) and (path in given or ".xml" in path.name.lower())]


def _files(paths: Iterable[Path]) -> list[Path]:
    return [each for path in paths for each in (sorted(path.iterdir()) if path.is_dir() else [path])]


def read(path: Path, *, checked: bool = False) -> Iterator[Entry]:
    """The entries of one file, plain or gzip. Raises UsageError, with line, at the first that the DTD does not allow.

    `checked`: the file has been held against the DTD before.
    """
    kind = kind_of(path)
    if kind is None:
        raise UsageError(f"{path}: not named as an AAF file")
    try:
        with _opened(path) as stream:
            events = etree.iterparse(
                stream, events=("start", "end"), load_dtd=False, no_network=True, resolve_entities=False,
                remove_comments=True, remove_pis=True,
            )  # fmt: skip
            _, root = next(iter(events))
            _refuse_root(root, path)
            for event, element in events:
                if event == "end" and element.getparent() is root:
                    yield Entry.of(element, kind) if checked else _checked(element, kind, path)
                    element.clear()
                    while element.getprevious() is not None:
                        del root[0]
    except etree.XMLSyntaxError as error:
        said = " ".join(str(error).split())
        wrong = "UTF-8" in said or "encoding" in said
        raise UsageError(f"{path}: not XML: {said}", hint=ENCODED if wrong else "") from None
    except (OSError, EOFError, zlib.error, StopIteration) as error:
        raise UsageError(f"{path}: cannot be read: {error or 'empty'}") from None


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        zipped = stream.read(len(GZIP)) == GZIP
    return cast("BinaryIO", gzip.open(path)) if zipped else path.open("rb")


def _refuse_root(root: etree._Element, path: Path) -> None:
    """Raise UsageError for another document, or one that declares entities: a bomb, or a file from elsewhere."""
    if root.tag != ROOT:
        raise UsageError(f"{path}: line {root.sourceline}: <{root.tag}>; expected <{ROOT}>")
    declared = root.getroottree().docinfo.internalDTD
    names = [each.name for each in declared.iterentities()] if declared is not None else []
    if names:
        raise UsageError(f"{path}: declares entities ({', '.join(names[:5])}); expected text alone", hint=PLAIN)


def _checked(element: etree._Element, kind: Kind, path: Path) -> Entry:
    """The entry of an element. Raises UsageError for what neither DTD nor file name allow."""
    if element.tag not in REQUESTS:
        raise UsageError(f"{path}: line {element.sourceline}: <{element.tag}>; expected {', '.join(REQUESTS)}")
    if next(element.iter(etree.Entity), None) is not None:
        raise UsageError(f"{path}: line {element.sourceline}: an entity; expected text", hint=PLAIN)
    rules = dtd()
    if not rules.validate(element):
        faults = [
            f"{path}: line {element.sourceline}: {fault.message}"
            for fault in rules.error_log.filter_from_errors()[:MOST_FAULTS]
        ]
        raise UsageError("\n".join(faults))
    said = (element.findtext("operationalAttributes/attr/value") or "").strip()
    if said not in categories(kind):
        raise UsageError(f"{path}: line {element.sourceline}: an entry of {said!r} in a file of {kind}")
    return Entry.of(element, kind)
