"""Tables as spreadsheets save them: any of their encodings, separators and line ends, each row with its line number."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from entsurge.calibration.shown import printable
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SEPARATORS = ";,\t|"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEP_LINE = re.compile(r'"?sep=([;,\t|])"?(?:\r\n|\n|\r|$)', re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """Column names, as `plain` has them, and rows of as many cells; `lines` says in which line each row ends."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]


def plain(text: object) -> str:
    """Lower case, without accents, quotes and surrounding space; words joined by an underscore."""
    letters = unicodedata.normalize("NFKD", str(text).strip().strip('"').lower())
    return re.sub(r"[^a-z0-9]+", "_", "".join(each for each in letters if not unicodedata.combining(each))).strip("_")


def decoded(raw: bytes, path: Path) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 without, else Windows-1252. Raises UsageError for binary."""
    encodings = [(mark, name) for mark, name in _MARKS if raw.startswith(mark)] or [(b"", "utf-8"), (b"", "cp1252")]
    for mark, name in encodings:
        try:
            text = raw.removeprefix(mark).decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" in text[:65_536]:
            raise UsageError(f"{path}: binary; expected a CSV table")
        return text
    raise UsageError(f"{path}: neither UTF-8 nor Windows-1252", hint="save it again as CSV in UTF-8")


def header(text: str) -> list[str]:
    """The column names of a table's text."""
    separator, body = _separator(text)
    try:
        rows = csv.reader(StringIO(body, newline=""), delimiter=separator)
        return [plain(name) for name in next((cells for cells in rows if any(map(str.strip, cells))), [])]
    except csv.Error:
        return []


def read(path: Path) -> Table:
    """The table of a file. Raises UsageError, with the line, for what is none and for rows that do not fit."""
    try:
        text = decoded(path.read_bytes(), path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    separator, body = _separator(text)
    skipped = int(body is not text)
    reader = csv.reader(StringIO(body, newline=""), delimiter=separator, strict=True)
    table: Table | None = None
    same: dict[str, str] = {}  # cells repeat themselves: each text is held once
    try:
        for cells in reader:
            line = reader.line_num + skipped
            if not any(cell.strip() for cell in cells):
                continue
            if table is None:
                table = Table(_columns(cells, path), [], [])
                continue
            table.rows.append(
                [same.setdefault(cell, cell) for cell in _fitted(cells, table.columns, f"{path}: line {line}")]
            )
            table.lines.append(line)
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num + skipped}: no CSV table: {error}") from None
    if table is None:
        raise UsageError(f"{path}: no CSV table: empty")
    if not table.rows:
        raise UsageError(f"{path}: a header and no row", hint="export it again, with its rows")
    return table


def _separator(text: str) -> tuple[str, str]:
    """The sign between cells, and the table without the line by which a spreadsheet names it."""
    if named := _SEP_LINE.match(text):
        return named[1], text[named.end() :]
    first = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0])
    return max(SEPARATORS, key=first.count), text


def _columns(cells: list[str], path: Path) -> list[str]:
    columns = [plain(name) for name in cells]
    while columns and not columns[-1]:
        columns.pop()
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise UsageError(f"{path}: columns twice: {', '.join(twice)}", hint="rename or remove one of the two")
    return columns


def _fitted(cells: list[str], columns: list[str], where: str) -> list[str]:
    """The cells, as many as there are columns: empty ones may be missing at the end, or be too many."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise UsageError(
            f"{where}: {len(cells)} cells for {len(columns)} columns: {printable(';'.join(cells))[:80]}",
            hint="a separator within a cell needs quotes around the cell",
        )
    return cells[: len(columns)] + [""] * (len(columns) - len(cells))
