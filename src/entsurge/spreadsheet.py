"""Tables as CSV, as spreadsheets and editors write them: encoding, delimiter and line ends are told from the file.

UTF-8 with or without a mark, UTF-16, Windows-1252; comma, semicolon, tab or bar; LF, CRLF or CR; a `sep=` line first.
Whatever would shift a column is a fault of its row: nothing is guessed.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TextIO

from entsurge.errors import UsageError
from entsurge.file_values import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

DELIMITERS = ";,\t|"  # of two that may be meant, the one that stands in no name
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
PIECE = 1 << 20
HEAD = 65_536
MOST_LINES = 20  # of a row of names: some hold line breaks
HINT = "save it as CSV in UTF-8"
_SEPARATOR = re.compile(r'"?sep=([^"\x00])"?\s*', re.IGNORECASE)
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
_UTF8_LETTERS = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]")  # é and « in UTF-8; in Windows-1252 nobody writes these


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line in which it begins, its cells by column as they stand there; or its fault, if it has one."""

    line: int
    cells: dict[str, str]
    fault: str = ""


class Sheet:
    """A table whose first line names its columns. Raises UsageError for what is none.

    `meanings` says which column a name stands for, by the name as `plain` has it; names that it does not know are
    left alone. Without it each column is the plain name, or its number where it has none. A `lenient` reading is for
    tables of which figures alone count: empty cells may lack at the end of a row or be too many, and values may hold
    line breaks and control characters. Rows are read anew, one at a time, each time they are asked for.
    """

    def __init__(self, path: Path, meanings: Mapping[str, str] | None = None, *, lenient: bool = False) -> None:
        self.path = path
        self._lenient = lenient
        try:
            self.encoding = _encoding(path)
            with self._opened() as stream:
                self._before, self.delimiter, self._spaced, names = _head(stream, meanings or {})
        except (OSError, UnicodeError, csv.Error) as error:
            raise UsageError(f"{path}: no table that can be read: {_said(error)}", hint=HINT) from None
        while lenient and names and not plain(names[-1]):
            names.pop()
        if meanings is None:
            self.columns = [plain(name) or f"column {number}" for number, name in enumerate(names, 1)]
        else:
            self.columns = [meanings.get(plain(name), "") for name in names]
        known = [column for column in self.columns if column]
        pairs = zip(names, self.columns, strict=True)
        twice = [" ".join(name.split()) for name, column in pairs if known.count(column) > 1]
        if twice:
            raise UsageError(f"{path}: line {self._before + 1}: columns {', '.join(twice)} say the same; expected one")

    def sound_rows(self) -> Iterator[Row]:
        """Each row that is not empty. Raises UsageError, with the line, at the first that has a fault."""
        for row in self.rows():
            if row.fault:
                raise UsageError(f"{self.path}: line {row.line}: {row.fault}")
            yield row

    def rows(self) -> Iterator[Row]:
        """Each row that is not empty. A quote that is not closed ends them, with its fault."""
        with self._opened() as stream:
            for _ in range(self._before):
                stream.readline()
            reader = csv.reader(stream, delimiter=self.delimiter, skipinitialspace=self._spaced, strict=True)
            line = self._before
            try:
                next(reader, None)
                line = self._before + reader.line_num
                for cells in reader:
                    if any(map(str.strip, cells)):
                        yield self._row(line + 1, cells)
                    line = self._before + reader.line_num
            except (csv.Error, UnicodeError) as error:
                yield Row(line + 1, {}, _said(error))

    def _row(self, line: int, cells: list[str]) -> Row:
        if self._lenient:
            cells = _fitted(cells, len(self.columns))
        if len(cells) != len(self.columns):
            more = len(cells) > len(self.columns)
            remedy = "quote a value that holds the delimiter" if more else "an empty cell keeps its delimiter"
            return Row(line, {}, f"{len(cells)} cells, where the first line has {len(self.columns)}; {remedy}")
        known = {name: cell for name, cell in zip(self.columns, cells, strict=True) if name}
        whole = "".join(cells)
        if ("\n" in whole or "\r" in whole) and any(map(self._swallows, cells)):
            return Row(line, known, "a line break within a value; is a quote not closed?")
        if unwritable(whole) and (not self._lenient or "\x00" in whole):
            odd = [f"{name}: {unwritable(cell)}" for name, cell in known.items() if unwritable(cell)]
            return Row(line, known, odd[0] if odd else "")
        return Row(line, known)

    def _swallows(self, cell: str) -> bool:
        """Whether a value may hold rows that are not its own."""
        return ("\n" in cell or "\r" in cell) and (not self._lenient or self.delimiter in cell)

    def _opened(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")


def bare(text: str) -> str:
    """Small letters without accents, no space around: how words are compared."""
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))


def plain(name: str) -> str:
    """A column's name as it is looked up: bare words, one space between: `Mot_de  passe` is `mot de passe`."""
    return " ".join(re.findall(r"[a-z0-9]+", bare(name)))


def first_names(path: Path) -> list[str]:
    """The plain names in the first line, from the beginning of the file alone; none for no table. Raises UsageError."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise UsageError(f"{path}: no table that can be read: {_said(error)}") from None
    encoding = _marked(head) or ("utf-8" if _is_utf8(BytesIO(head), cut=True) else "cp1252")
    try:
        _, _, _, names = _head(TextIOWrapper(BytesIO(head), encoding, errors="replace", newline=""), {})
    except csv.Error:
        return []
    return [plain(name) for name in names]


def _encoding(path: Path) -> str:
    """In which encoding a file is written. Raises OSError, UnicodeError."""
    with path.open("rb") as stream:
        if marked := _marked(stream.read(4)):
            return marked
        stream.seek(0)
        if _is_utf8(stream):
            return "utf-8"
        stream.seek(0)
        return _of_bytes(stream.read())


def _marked(head: bytes) -> str:
    """The encoding that the first four bytes tell, by a mark or by every other one being zero; else none."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[:4:2], head[1:4:2]
    if len(head) >= 4 and all(even) and not any(odd):
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 4 and all(odd) and not any(even) else ""


def _is_utf8(stream: BinaryIO, *, cut: bool = False) -> bool:
    """Whether all that follows is UTF-8; where it is `cut`, the last letter may be half."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := stream.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=not cut)
    except UnicodeDecodeError:
        return False
    return True


def _of_bytes(whole: bytes) -> str:
    """Windows-1252, for what is not UTF-8. Raises UnicodeError, with the line, for neither and for both in one file."""
    mixed = _UTF8_LETTERS.search(whole) is not None
    try:
        whole.decode("utf-8" if mixed else "cp1252")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", whole[: error.start])) + 1
        said = "letters in UTF-8 and letters in Windows-1252 in one file" if mixed else "neither UTF-8 nor Windows-1252"
        raise UnicodeError(f"line {line}: {said}") from None
    return "cp1252"


def _head(stream: TextIO, meanings: Mapping[str, str]) -> tuple[int, str, bool, list[str]]:
    """How many lines stand before the first that counts, the delimiter, whether a space follows it, the columns' names.

    A `sep=` line says the delimiter; without one it is that which makes most names known. Raises csv.Error.
    """
    before, delimiters = 0, DELIMITERS
    for line in stream:
        if told := _SEPARATOR.fullmatch(line.strip("\r\n")):
            delimiters = told[1]
        elif line.strip(" \r\n" + DELIMITERS):
            break
        before += 1
    else:
        raise csv.Error("empty")
    if _BINARY.search(line):
        raise csv.Error(f"line {before + 1}: binary")
    lines = [line, *islice(stream, MOST_LINES - 1)]
    found = {each: _names(lines, each) for each in delimiters}
    best = max(found, key=lambda each: (sum(plain(name) in meanings for name in found[each]), len(found[each])))
    if not found[best]:
        raise csv.Error(f"line {before + 1}: a quote that is not closed")
    return before, best, _spaced(line, best), found[best]


def _spaced(line: str, delimiter: str) -> bool:
    """Whether a space follows every delimiter: then it is no part of a value that is not quoted."""
    return 0 < line.count(delimiter) == line.count(f"{delimiter} ")


def _names(lines: Sequence[str], delimiter: str) -> list[str]:
    """The names in the first row of these lines; none where it is no row of a table with this delimiter."""
    spaced = _spaced(lines[0], delimiter)
    try:
        return next(csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True), [])
    except csv.Error:
        return []


def _fitted(cells: list[str], width: int) -> list[str]:
    """A row of this many cells, where only empty ones lack at its end or are too many; else as it is."""
    if any(map(str.strip, cells[width:])):
        return cells
    return cells[:width] + [""] * (width - len(cells))


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"not in {error.encoding}"
    if "unexpected end of data" in str(error):
        return "a quote that is not closed"
    return str(error)
