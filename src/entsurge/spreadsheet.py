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
from typing import TYPE_CHECKING, TextIO

from entsurge.errors import UsageError
from entsurge.file_values import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DELIMITERS = ",;\t|"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
PIECE = 1 << 20
HINT = "save it as CSV in UTF-8"
_SEPARATOR = re.compile(r'"?sep=([^"])"?\s*', re.IGNORECASE)
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
    left alone. Rows are read anew, one at a time, each time they are asked for.
    """

    def __init__(self, path: Path, meanings: Mapping[str, str]) -> None:
        self.path = path
        try:
            self.encoding = _encoding(path)
            with self._opened() as stream:
                self._before, self.delimiter, self._spaced, names = _head(stream, meanings)
        except (OSError, UnicodeError, csv.Error) as error:
            raise UsageError(f"{path}: no table that can be read: {_said(error)}", hint=HINT) from None
        self.columns = [meanings.get(plain(name), "") for name in names]
        known = [column for column in self.columns if column]
        twice = [name.strip() for name, column in zip(names, self.columns, strict=True) if known.count(column) > 1]
        if twice:
            raise UsageError(f"{path}: line {self._before + 1}: columns {', '.join(twice)} say the same; expected one")

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
            except csv.Error as error:
                unclosed = "unexpected end of data" in str(error)
                yield Row(line + 1, {}, "a quote that is not closed" if unclosed else str(error))
            except UnicodeError as error:
                yield Row(line + 1, {}, _said(error))

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self.columns):
            more = len(cells) > len(self.columns)
            remedy = "quote a value that holds the delimiter" if more else "an empty cell keeps its delimiter"
            return Row(line, {}, f"{len(cells)} cells, where the first line has {len(self.columns)}; {remedy}")
        known = {name: cell for name, cell in zip(self.columns, cells, strict=True) if name}
        whole = "".join(cells)
        if "\n" in whole or "\r" in whole:
            return Row(line, known, "a line break within a value; is a quote not closed?")
        if unwritable(whole):
            odd = [f"{name}: {unwritable(cell)}" for name, cell in known.items() if unwritable(cell)]
            return Row(line, known, odd[0] if odd else "")
        return Row(line, known)

    def _opened(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")


def bare(text: str) -> str:
    """Small letters without accents, no space around: how words are compared."""
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))


def plain(name: str) -> str:
    """A column's name as it is looked up: bare words, one space between: `Mot_de  passe` is `mot de passe`."""
    return " ".join(re.findall(r"[a-z0-9]+", bare(name)))


def _encoding(path: Path) -> str:
    """In which encoding a file is written. Raises OSError, UnicodeError."""
    with path.open("rb") as stream:
        head = stream.read(4)
        for mark, name in MARKS:
            if head.startswith(mark):
                return name
        if len(head) == 4 and not any(head[1::2]) and all(head[::2]):
            return "utf-16-le"
        if len(head) == 4 and not any(head[::2]) and all(head[1::2]):
            return "utf-16-be"
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := stream.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            stream.seek(0)
            return _of_bytes(stream.read())
    return "utf-8"


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
        return before, DELIMITERS[0], False, []
    found = {each: _names(line, each) for each in delimiters}
    best = max(found, key=lambda each: (sum(plain(name) in meanings for name in found[each]), len(found[each])))
    if not found[best]:
        raise csv.Error(f"line {before + 1}: a quote that is not closed")
    return before, best, _spaced(line, best), found[best]


def _spaced(line: str, delimiter: str) -> bool:
    """Whether a space follows every delimiter: then it is no part of a value that is not quoted."""
    return 0 < line.count(delimiter) == line.count(f"{delimiter} ")


def _names(line: str, delimiter: str) -> list[str]:
    """The names in a first line; none where it is no line of a table with this delimiter."""
    spaced = _spaced(line, delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=spaced, strict=True), [])
    except csv.Error:
        return []


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"not in {error.encoding}"
    return str(error)
