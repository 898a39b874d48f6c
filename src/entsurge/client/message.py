"""An HTTP/1.1 answer from bytes: no wire, no loop. What the two transports feed.

The C parser (llhttp) reads what keeps to the standard. What it refuses is read again as browsers read it
(forgiving.py), and so is what follows on that connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httptools

from entsurge.client.budget import BODIES, FREE_BYTES
from entsurge.client.failure import ClientError, ConnectionLost, ProtocolBroken, TooLarge
from entsurge.client.forgiving import LARGEST_HEAD, MOST_INTERIM, ForgivingReader, tokens

if TYPE_CHECKING:
    from entsurge.client.budget import Budget, Lease

MOST_HEADERS = 256
LARGEST_BODY = 16 * 1024 * 1024
_FRAME_BYTES = 32  # of a chunk: its size and its line ends


class AnswerParser:
    """Takes in answers, one after the other, on one connection.

    After each: `status`, `fields` (name and value as they came), `parts` (the body's pieces), `lease` (what a large
    body holds of the budget; it is given back when nobody has it any more), `forgiven` (what the strict parser had
    against the answer; empty for nothing), and `keeps`, whether the connection can be used again.
    """

    __slots__ = (
        "_budget", "_coming", "_fed", "_framed", "_free", "_granted", "_interim", "_parser", "_reader", "_refusable",
        "_seen", "done", "fields", "forgiven", "head_done", "keeps", "largest", "lease", "length", "method", "parts",
        "status",
    )  # fmt: skip

    def __init__(self, *, largest: int = LARGEST_BODY, budget: Budget = BODIES) -> None:
        self.largest, self._budget, self._free = largest, budget, min(FREE_BYTES, largest)
        self._parser: Any = httptools.HttpResponseParser(self)
        self._reader: ForgivingReader | None = None
        self.begin("GET")

    def begin(self, method: str) -> None:
        """The next bytes are the answer to a request of this method; the one before belongs to whoever asked for it."""
        self.method, self.status, self.length, self._fed, self._interim, self.forgiven = method, 0, 0, 0, 0, ""
        self.fields: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.lease: Lease | None = None
        self._granted = self._free
        self._seen: bytes | bytearray = b""
        self._refusable, self._framed = True, False
        self._coming = self.fields
        self.head_done = self.done = self.keeps = False
        if self._reader is not None:
            self._reader.begin(method)

    def forget(self) -> None:
        """Let go of the last answer, which belongs to whoever asked for it; `begin` comes before the next."""
        self.fields, self.parts, self.lease, self._seen = [], [], None, b""
        self._coming = self.fields

    def feed(self, data: bytes | memoryview) -> bool:
        """Take in what has come; True when the answer is whole. Raises ProtocolBroken, TooLarge, OwnLimit."""
        if self._reader is not None:
            self._read(data)
        else:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
                self._refused(error, data)
        if not self.done:
            self._bounded(len(data))
            if self._reader is None:
                self._keep(data)
        return self.done

    def end(self) -> None:
        """The server has closed: whole only when nothing but the closing delimits the body. Raises ConnectionLost."""
        if self._reader is not None:
            self._reader.end()
        elif (
            not self.head_done
            or tokens(self.fields, b"content-length")
            or b"chunked" in tokens(self.fields, b"transfer-encoding")
        ):
            raise ConnectionLost("the server closed before the answer was whole")

    def free(self) -> None:
        """Break the circle between parser and answer; nothing can be fed any more."""
        self._parser = None
        if self._reader is not None:
            self._reader.free()

    # -- what the strict parser refuses ----------------------------------------------------------------------------

    def _refused(self, error: Exception, data: bytes | memoryview) -> None:
        """Read again what the strict parser refuses. Raises what its callbacks raised, and ProtocolBroken."""
        cause = error.__context__
        if self.done:
            self.keeps = False  # what follows was not asked for
        elif isinstance(cause, ClientError):
            raise cause from None
        elif isinstance(error, httptools.HttpParserUpgrade):
            raise ProtocolBroken("the server changed to another protocol, unasked") from None
        else:
            self._read_again(data, str(error))

    def _keep(self, data: bytes | memoryview) -> None:
        """Keep what came as long as the strict parser may refuse something: a head, chunks."""
        if self.head_done and not self._framed:
            self._framed = True
            codings = tokens(self.fields, b"transfer-encoding")
            self._refusable = b"chunked" in codings
            if self._refusable and codings[-1] != b"chunked":
                self._read_again(data, "chunked is not the last Transfer-Encoding")
                return
        if self._refusable:
            self._seen = self._seen or bytearray()
            self._seen += data

    def _read_again(self, data: bytes | memoryview, reason: str) -> None:
        fed, seen = self._fed, bytes(self._seen)
        self.begin(self.method)
        self.forgiven, self._fed, self._reader = reason, fed, ForgivingReader(self.on_body)
        self._reader.begin(self.method)
        self._read(seen + data)

    def _read(self, data: bytes | memoryview) -> None:
        reader = self._reader
        if reader is None:
            return
        reader.feed(data)
        self.status, self.fields, self.keeps = reader.status, reader.fields, reader.keeps
        self.head_done, self.done = reader.head_done, reader.done
        if len(self.fields) > MOST_HEADERS:
            raise TooLarge(f"more than {MOST_HEADERS} header fields")

    def _bounded(self, size: int) -> None:
        """Heads, trailers and the framing of chunks together stay under the limit of a head."""
        self._fed += size
        if self._fed - self.length > LARGEST_HEAD + _FRAME_BYTES * len(self.parts):
            raise TooLarge(f"a head, or what frames a body, of more than {LARGEST_HEAD} bytes")
        if len(self._coming) > MOST_HEADERS:
            raise TooLarge(f"more than {MOST_HEADERS} header fields or trailers")

    def _grant(self) -> None:
        """A body has reached what it may hold: let it have more, or raise TooLarge, OwnLimit."""
        if self.length > self.largest:
            raise TooLarge(f"a body of more than {self.largest} bytes")
        if self.lease is None:
            self.lease = self._budget.lease()
        self.lease.cover(self.length)
        self._granted = min(FREE_BYTES + self.lease.held, self.largest)

    # -- httptools calls these -------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; it may be one that nobody asked for."""
        if self.done:
            raise ProtocolBroken("an answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field, or a trailer, which goes nowhere."""
        self._coming.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole; a HEAD request's answer with it, whose connection is not used again."""
        self.status = self._parser.get_status_code()
        if len(self.fields) > MOST_HEADERS:
            raise TooLarge(f"more than {MOST_HEADERS} header fields")
        self.head_done = True
        self._coming = []
        if self.method == "HEAD" and not 100 <= self.status < 200:
            self.done = True
            raise ProtocolBroken("a body was announced that does not come")  # ends the parsing

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.length += len(data)
        if self.length > self._granted:
            self._grant()
        self.parts.append(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one (1xx)."""
        if 100 <= self.status < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise ProtocolBroken(f"more than {MOST_INTERIM} interim answers")
            self.status, self.fields, self.head_done = 0, [], False
            self._coming = self.fields
            return
        self.keeps = self._parser.should_keep_alive()
        self.done = True
