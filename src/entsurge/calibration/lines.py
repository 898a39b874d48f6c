"""Lines of log files, plain or gzip, UTF-8 or UTF-16, in large batches at constant memory, whatever the files hold."""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BLOCK = 16 * 1024 * 1024
READ = 1024 * 1024
LONGEST_LINE = 64 * 1024
_GZIP = b"\x1f\x8b"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Batch:
    """Some lines of one file: an Arrow column, and the number of the first."""

    file: Path
    first_line: int
    lines: pa.Array
    bytes_read: int


@dataclass
class LogFiles:
    """The files of a calibration. `notes` fills with what could not be read while they are read."""

    paths: Sequence[Path]
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes on disk, for progress."""
        return sum(path.stat().st_size for path in self.paths)

    def batches(self) -> Iterator[Batch]:
        """Every line of every file, a file after the other; `bytes_read` counts bytes on disk of all files so far."""
        done = 0
        for path in self.paths:
            yield from self._of_file(path, done)
            done += path.stat().st_size

    def _of_file(self, path: Path, before: int) -> Iterator[Batch]:
        number, rest = 1, b""
        try:
            with path.open("rb") as raw:
                packed = raw.read(2) == _GZIP
                raw.seek(0)
                for block in _utf8(self._unpacked(raw, path) if packed else iter(lambda: raw.read(BLOCK), b"")):
                    head, newline, rest = (rest + block).rpartition(b"\n")
                    if len(rest) > LONGEST_LINE:
                        head, newline, rest = head + newline + rest[:LONGEST_LINE], b"\n", b""
                    if newline:
                        lines = _lines(head)
                        yield Batch(path, number, lines, before + raw.tell())
                        number += len(lines)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
        if rest:
            yield Batch(path, number, _lines(rest), before + path.stat().st_size)

    def _unpacked(self, raw: IO[bytes], path: Path) -> Iterator[bytes]:
        """What a gzip file holds, in blocks; a damaged or truncated one ends early and is noted."""
        member, packed = zlib.decompressobj(wbits=31), b""
        try:
            while packed := packed or raw.read(READ):
                block = member.decompress(packed, BLOCK)
                packed = member.unconsumed_tail or member.unused_data
                if block:
                    yield block
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                    packed = packed or raw.read(READ)
                    if not packed:
                        return
        except zlib.error as error:
            self.notes.append(f"{path}: damaged gzip, read as far as it goes ({error})")
            return
        self.notes.append(f"{path}: truncated gzip, read as far as it goes")


def _utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a file without its byte order mark, and in UTF-8 if they are UTF-16."""
    first = next(blocks, b"")
    encoding = _UTF16.get(first[:2]) or _unmarked(first[:4])
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first[2 * (first[:2] in _UTF16) :]).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")


def _unmarked(head: bytes) -> str | None:
    """UTF-16 by its first letters, where no mark says so: every other byte of ASCII is zero."""
    zeros = "".join("0" if byte == 0 else "x" for byte in head)
    return {"x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(zeros)


def _lines(text: bytes) -> pa.Array:
    """The lines as text: bytes that are no UTF-8 become U+FFFD, so that binary can be told from text."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").removesuffix(b"\r")
    whole = pa.scalar(text.decode("utf-8", "replace"), pa.large_string())
    return pc.split_pattern(pa.array([whole]), "\n").flatten()
