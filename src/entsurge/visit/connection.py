"""One connection: to an allowed address, in HTTP/1.1, ended by its deadline whatever the server does."""

from __future__ import annotations

import errno
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

import httptools
from gevent import socket

from entsurge.visit.deadline import watchdog
from entsurge.visit.failure import (
    ConnectFailed,
    ConnectionLost,
    ConnectRefused,
    DeadlinePassed,
    ProtocolBroken,
    TlsFailed,
    TooLarge,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.visit.address import Origin
    from entsurge.visit.allow import Endpoint
    from entsurge.visit.tls import Tls

CHUNK = 65536
MOST_HEADERS = 256
LARGEST_BODY = 16 * 1024 * 1024
_NO_MORE = 0


class Connection:
    """A socket with its parser. `fresh` until the first answer; `open` while it can be used again."""

    def __init__(self, origin: Origin, *, largest: int = LARGEST_BODY) -> None:
        self.origin, self.largest = origin, largest
        self.ends_ns, self.slot = _NO_MORE, 0
        self.sock: Any = None
        self.expired = self.used = False
        self.open = False
        self.connect_us = self.tls_us = 0
        self._reset("GET")

    # -- opening and closing ---------------------------------------------------------------------------------------

    def connect(self, endpoints: Sequence[Endpoint], tls: Tls | None, ends_ns: int) -> None:
        """Connect to the first address that answers. Raises a ClientError."""
        started = monotonic_ns()
        for number, endpoint in enumerate(endpoints, 1):
            try:
                self._dial(endpoint, ends_ns)
                break
            except (ConnectRefused, ConnectFailed):
                if number == len(endpoints):
                    raise
        connected = monotonic_ns()
        self.connect_us = (connected - started) // 1000
        if tls is not None:
            self._handshake(tls)
            self.tls_us = (monotonic_ns() - connected) // 1000
        self.open = True

    def _dial(self, endpoint: Endpoint, ends_ns: int) -> None:
        self.sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
        self.guard(ends_ns)
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.connect(endpoint.address)
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no connection before the deadline") from None
            if error.errno == errno.ECONNREFUSED:
                raise ConnectRefused(f"{endpoint.address[0]}:{endpoint.address[1]} refuses connections") from None
            raise ConnectFailed(f"{endpoint.address[0]}:{endpoint.address[1]}: {error}") from None

    def _handshake(self, tls: Tls) -> None:
        try:
            self.sock = tls.wrapped(self.sock, self.origin.host)  # before the handshake: the deadline closes this one
            self.sock.do_handshake()
            tls.keep_session(self.sock, self.origin.host)
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no TLS before the deadline") from None
            raise TlsFailed(f"{self.origin.host}: {error}") from None

    def guard(self, ends_ns: int) -> None:
        """See to it that the connection ends at this monotonic time; 0 for never."""
        self.ends_ns = ends_ns
        if ends_ns:
            watchdog().watch(self)

    def expire(self) -> None:
        """The deadline has come: whoever waits on the socket is woken by its closing."""
        self.expired = True
        self.open = False
        if self.sock is not None:
            self.sock.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        self.open = False
        self.ends_ns = _NO_MORE
        if self.slot:
            watchdog().forget(self)
        if self.sock is not None:
            self.sock.close()

    # -- one exchange ----------------------------------------------------------------------------------------------

    def _reset(self, method: str) -> None:
        self.method = method
        self.status = 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.length = 0
        self.head_done = self.done = self.keeps = False
        self.any_byte = False
        self.first_byte_ns = 0
        self.parser = httptools.HttpResponseParser(self)

    def exchange(self, method: str, request: bytes, ends_ns: int) -> None:
        """Send a request and take in its whole answer (status, fields, parts). Raises a ClientError and closes."""
        self._reset(method)
        self.guard(ends_ns)
        try:
            self.sock.sendall(request)
            while not self.done:
                data = self.sock.recv(CHUNK)
                if not data:
                    self._ended()
                    break
                if not self.any_byte:
                    self.any_byte, self.first_byte_ns = True, monotonic_ns()
                self.parser.feed_data(data)
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no whole answer before the deadline") from None
            raise ConnectionLost(f"the connection was lost: {error}") from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.close()
            raise self._meant(error) from None
        self.used = True
        self.open = self.open and self.done and self.keeps

    def _meant(self, error: Exception) -> Exception:
        cause = error.__context__
        if isinstance(cause, TooLarge):
            return cause
        return ProtocolBroken(f"what came is not HTTP: {error}")

    def _ended(self) -> None:
        """The server closed: whole only when nothing but the closing delimits the body."""
        self.close()
        names = {name.lower() for name, _ in self.fields}
        if not self.head_done or {b"content-length", b"transfer-encoding"} & names:
            raise ConnectionLost("the server closed before the answer was whole")
        self.done = True

    # -- httptools calls these -------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field (or trailer, which is left out)."""
        if self.head_done:
            return
        if len(self.fields) >= MOST_HEADERS:
            raise TooLarge(f"more than {MOST_HEADERS} header fields")
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole; a HEAD request's answer with it."""
        self.status = self.parser.get_status_code()
        self.head_done = True
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
        if 100 <= self.status < 200:
            self.status, self.fields, self.head_done = 0, [], False
            return
        # an answer that nobody asked for cannot be told apart from the next one
        self.keeps = not self.done and bool(self.parser.should_keep_alive())
        self.done = True
