"""An HTTP/1.1 answer from bytes: no wire, no loop. What the two transports feed."""

from __future__ import annotations

from typing import Any

import httptools

from entsurge.client.failure import ConnectionLost, ProtocolBroken, TooLarge

MOST_HEADERS = 256
LARGEST_HEAD = 256 * 1024
LARGEST_BODY = 16 * 1024 * 1024


class AnswerParser:
    """Takes in answers, one after the other, on one connection.

    After each: `status`, `fields` (name and value as they came), `parts` (the body's pieces), and `keeps`, whether the
    connection can be used again.
    """

    __slots__ = (
        "_coming", "_head_bytes", "_parser", "done", "fields", "head_done", "keeps", "largest", "length", "method",
        "parts", "status",
    )  # fmt: skip

    def __init__(self, *, largest: int = LARGEST_BODY) -> None:
        self.largest = largest
        self._parser: Any = httptools.HttpResponseParser(self)
        self.begin("GET")

    def begin(self, method: str) -> None:
        """The next bytes are the answer to a request of this method; the one before belongs to whoever asked for it."""
        self.method, self.status, self.length, self._head_bytes = method, 0, 0, 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self._coming = self.fields
        self.head_done = self.done = self.keeps = False

    def feed(self, data: bytes | memoryview) -> bool:
        """Take in what has come; True when the answer is whole. Raises ProtocolBroken, TooLarge."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            cause = error.__context__
            if isinstance(cause, TooLarge):
                raise cause from None
            raise ProtocolBroken(f"what came is not HTTP: {error}") from None
        if not self.head_done and not self.done:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                raise TooLarge(f"a head of more than {LARGEST_HEAD} bytes")
        return self.done

    def end(self) -> None:
        """The server has closed: whole only when nothing but the closing delimits the body. Raises ConnectionLost."""
        names = {name.lower() for name, _ in self.fields}
        if not self.head_done or {b"content-length", b"transfer-encoding"} & names:
            raise ConnectionLost("the server closed before the answer was whole")

    def free(self) -> None:
        """Break the circle between parser and answer; nothing can be fed any more."""
        self._parser = None

    # -- httptools calls these -------------------------------------------------------------------------------------

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
        if self.method == "HEAD" and self.status >= 200:
            self.done = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.length += len(data)
        if self.length > self.largest:
            raise TooLarge(f"a body of more than {self.largest} bytes")
        self.parts.append(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one (1xx)."""
        if self.status < 200:
            self.status, self.fields, self.head_done = 0, [], False
            self._coming = self.fields
            return
        # an answer that nobody asked for cannot be told apart from the next one
        self.keeps = not self.done and self._parser.should_keep_alive()
        self.done = True
