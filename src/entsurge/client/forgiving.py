"""An HTTP/1.1 answer read as browsers read it: slower than the C parser, which refuses what it does not like.

Nothing comes here but what that parser has refused, and what follows on the same connection. What is forgiven, and what
is not, is what Chromium does (its net/http), as docs/method.md has it row by row: line ends of LF or CR alone, folded
lines, lines that are no field, a few bytes before the status line, statuses of any number, several lengths that are
equal, lengths that are none, chunk sizes with spaces and extensions of any form, trailers of any form.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from entsurge.client.failure import ConnectionLost, ProtocolBroken, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_INTERIM = 32
LARGEST_HEAD = 256 * 1024
LONGEST_CHUNK_LINE = 16 * 1024  # as in Chromium
MOST_JUNK = 4  # bytes before "HTTP/", as in Chromium
_LINE_END = re.compile(rb"\r\n|\n|\r")
_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"http/?\s*(\d+)(?:\.(\d+))?[ \t]*(\d*)", re.IGNORECASE)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LONGEST_NUMBER = 18  # digits; more would be more than anybody can send
_WITHOUT_BODY = frozenset({204, 205, 304})
Fields = list[tuple[bytes, bytes]]


class Head(NamedTuple):
    """A status line and its fields; `keeps` when the server means to go on with the connection."""

    status: int
    fields: Fields
    keeps: bool


def _nowhere(_data: bytes) -> None:
    """Where a body goes that nobody reads."""


class _State(Enum):
    """What the next bytes are."""

    HEAD = auto()
    LENGTH = auto()
    TO_THE_END = auto()
    SIZE = auto()
    CHUNK = auto()
    AFTER = auto()
    TRAILERS = auto()


def head_of(data: bytes) -> Head:
    """The head that these bytes hold, from its status line to before the empty line. Raises ProtocolBroken."""
    if b"\0" in data:
        raise ProtocolBroken("a zero byte in the head of an answer")
    first, *lines = _LINE_END.split(data)
    match = _STATUS_LINE.match(first)
    if match is None or len(match[0]) > 64:
        raise ProtocolBroken(f"what came is not HTTP: {first[:60]!r}")
    status = int(match[3]) if match[3] else 200
    fields = _fields(lines)
    wishes = tokens(fields, b"connection")
    newer = (int(match[1]), int(match[2] or 0)) >= (1, 1)
    return Head(status, fields, b"close" not in wishes if newer else b"keep-alive" in wishes)


def _fields(lines: list[bytes]) -> Fields:
    """The fields of a head; a folded line belongs to the field before it, a line that is no field to nothing."""
    found: Fields = []
    folds = False
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if folds:
                found[-1] = (found[-1][0], found[-1][1] + b" " + line.strip(b" \t"))
            continue
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" \t")
        folds = bool(colon) and _NAME.fullmatch(name) is not None
        if folds:
            found.append((name, value.strip(b" \t")))
    return found


def tokens(fields: Fields, name: bytes) -> list[bytes]:
    """The comma-separated values of every field of this name (in lower case), in lower case."""
    values = b",".join(value for each, value in fields if each.lower() == name)
    return [each.strip(b" \t").lower() for each in values.split(b",")] if values else []


def length_of(fields: Fields) -> int | None:
    """The length that the fields announce; None when they announce none that is one. Raises ProtocolBroken for two."""
    values = set(tokens(fields, b"content-length"))
    if len(values) > 1:
        raise ProtocolBroken("several Content-Length that differ")
    value = values.pop() if values else b""
    return int(value) if value.isdigit() and len(value) <= _LONGEST_NUMBER else None


class ForgivingReader:
    """Takes in the answers of one connection; `status`, `fields`, `head_done`, `done`, `keeps` say how far it is."""

    __slots__ = ("_buffer", "_interim", "_left", "_method", "_piece", "_searched", "_state", "done", "fields",
                 "head_done", "keeps", "status")  # fmt: skip

    def __init__(self, piece: Callable[[bytes], None]) -> None:
        self._piece, self._buffer = piece, bytearray()
        self.begin("GET")

    def begin(self, method: str) -> None:
        """The next bytes are the answer to a request of this method."""
        self._method, self._state = method, _State.HEAD
        self._left = self._searched = self._interim = self.status = 0
        self.head_done = self.done = self.keeps = False
        self.fields: Fields = []
        self._buffer.clear()

    def feed(self, data: bytes | bytearray | memoryview) -> bool:
        """Take in what came; True when the answer is whole. Raises ProtocolBroken, TooLarge, what `piece` raises."""
        self._buffer += data
        while not self.done and self._goes_on():
            pass
        if self._buffer and self.done:
            self.keeps = False  # bytes that nobody asked for
        return self.done

    def end(self) -> None:
        """The server has closed. Raises ConnectionLost unless the closing is what ends the body."""
        if self._state is not _State.TO_THE_END:
            raise ConnectionLost("the server closed before the answer was whole")
        self.done = True

    def free(self) -> None:
        """Let go of whoever takes the pieces; nothing can be fed any more."""
        self._piece = _nowhere

    def _goes_on(self) -> bool:
        """Read what can be read of the present part; False when more has to come first."""
        match self._state:
            case _State.HEAD:
                return self._head()
            case _State.LENGTH | _State.CHUNK:
                return self._counted()
            case _State.TO_THE_END:
                self._take(len(self._buffer))
                return False
            case _:
                return self._line()

    # -- the head --------------------------------------------------------------------------------------------------

    def _head(self) -> bool:
        if not self._searched:
            del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))]
        found = _HEAD_END.search(self._buffer, max(0, self._searched - 2))
        begins = self._buffer[: MOST_JUNK + 4].lower().find(b"http")
        if begins < 0 and (found or len(self._buffer) >= MOST_JUNK + 4):
            raise ProtocolBroken(f"what came is not HTTP: {bytes(self._buffer[:60])!r}")
        if (found.end() if found else len(self._buffer)) > LARGEST_HEAD:
            raise TooLarge(f"a head of more than {LARGEST_HEAD} bytes")
        if found is None:
            self._searched = len(self._buffer)
            return False
        head = head_of(bytes(self._buffer[begins : found.start()]).removesuffix(b"\r"))
        del self._buffer[: found.end()]
        self._searched = 0
        if 100 <= head.status < 200:
            return self._passed_over(head.status)
        self._begin_body(head)
        return True

    def _passed_over(self, status: int) -> bool:
        """An interim answer counts for nothing; another protocol was not asked for."""
        self._interim += 1
        if status == 101:
            raise ProtocolBroken("the server changed to another protocol, unasked")
        if self._interim > MOST_INTERIM:
            raise ProtocolBroken(f"more than {MOST_INTERIM} interim answers")
        return True

    def _begin_body(self, head: Head) -> None:
        self.status, self.fields, self.keeps, self.head_done = head.status, head.fields, head.keeps, True
        if self._method == "HEAD" or head.status in _WITHOUT_BODY:
            self.done = True
        elif b"chunked" in tokens(head.fields, b"transfer-encoding"):
            self._state = _State.SIZE
        else:
            length = length_of(head.fields)
            self._left = length or 0
            self._state = _State.TO_THE_END if length is None else _State.LENGTH
            self.done = length == 0
            self.keeps &= length is not None

    # -- the body --------------------------------------------------------------------------------------------------

    def _take(self, size: int) -> None:
        if size:
            self._piece(bytes(self._buffer[:size]))
            del self._buffer[:size]

    def _counted(self) -> bool:
        size = min(self._left, len(self._buffer))
        self._take(size)
        self._left -= size
        if self._left:
            return False
        self.done = self._state is _State.LENGTH
        self._state = _State.AFTER
        return not self.done

    def _line(self) -> bool:
        """A line of the chunked framing: a size, the empty one after a chunk, a trailer."""
        end = self._buffer.find(b"\n", self._searched)
        if (len(self._buffer) if end < 0 else end) > LONGEST_CHUNK_LINE:
            raise TooLarge(f"a line of the chunked framing of more than {LONGEST_CHUNK_LINE} bytes")
        if end < 0:
            self._searched = len(self._buffer)
            return False
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        self._searched = 0
        if self._state is _State.SIZE:
            self._sized(line)
        elif self._state is _State.AFTER:
            if line:
                raise ProtocolBroken(f"a chunk is longer than its size says: {line[:40]!r}")
            self._state = _State.SIZE
        else:
            self.done = not line
        return True

    def _sized(self, line: bytes) -> None:
        size = line.partition(b";")[0].rstrip(b" ").lstrip(b"0") or (b"0" if line[:1] == b"0" else b"")
        if not _CHUNK_SIZE.fullmatch(size):
            raise ProtocolBroken(f"no size of a chunk: {line[:40]!r}")
        self._left = int(size, 16)
        self._state = _State.CHUNK if self._left else _State.TRAILERS
