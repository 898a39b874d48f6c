"""One connection: to an allowed address, in HTTP/1.1, ended by its deadline whatever the server does."""

from __future__ import annotations

import errno
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

import httptools

from entsurge.client.deadline import watchdog
from entsurge.client.failure import (
    ConnectFailed,
    ConnectionLost,
    ConnectRefused,
    DeadlinePassed,
    OwnLimit,
    ProtocolBroken,
    TlsFailed,
    TooLarge,
)
from entsurge.client.wire import TlsWire, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.client.allow_list import Endpoint
    from entsurge.client.tls import Tls
    from entsurge.client.url import Origin

OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
MOST_HEADERS = 256
LARGEST_HEAD = 256 * 1024
LARGEST_BODY = 16 * 1024 * 1024
_NO_MORE = 0


class Connection:
    """A wire with its parser; `open` while it can be used again.

    After an exchange: `status`, `fields` (name and value as they came), `parts` (the body's pieces).
    """

    def __init__(self, origin: Origin, *, source: str = "", largest: int = LARGEST_BODY) -> None:
        self.origin, self.source, self.largest = origin, source, largest
        self.ends_ns, self.slot = _NO_MORE, 0
        self.wire: Any = None
        self.expired = self.open = False
        self.pool: list[Connection] | None = None  # where it lies while nobody uses it
        self.connect_us = self.tls_us = self.first_byte_ns = 0
        self._watchdog = watchdog()
        self._parser: Any = httptools.HttpResponseParser(self)

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
        try:
            self.wire = Wire(endpoint.family)
            self.guard(ends_ns)
            self.wire.connect(endpoint, self.source)
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no connection before the deadline") from None
            if error.errno == errno.ECONNREFUSED:
                raise ConnectRefused(f"{endpoint.address[0]}:{endpoint.address[1]} refuses connections") from None
            if error.errno in OWN_LIMITS:
                raise OwnLimit(f"{endpoint.address[0]}:{endpoint.address[1]}: {error.strerror}") from None
            raise ConnectFailed(f"{endpoint.address[0]}:{endpoint.address[1]}: {error.strerror}") from None

    def _handshake(self, tls: Tls) -> None:
        secured = TlsWire(self.wire, tls, self.origin.host)
        try:
            secured.handshake()
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no TLS before the deadline") from None
            raise TlsFailed(f"{self.origin.host}: {error}") from None
        self.wire = secured

    def guard(self, ends_ns: int) -> None:
        """See to it that the connection ends at this monotonic time; 0 for never."""
        self.ends_ns = ends_ns
        if ends_ns:
            self._watchdog.watch(self)

    def rest(self, pool: list[Connection], ends_ns: int) -> None:
        """Lie idle in a pool until this monotonic time (0: as long as it takes), without the last answer's weight."""
        self._forget()
        self.guard(ends_ns)
        self.pool = pool
        pool.append(self)

    def expire(self) -> None:
        """The deadline has come: whoever waits on the wire is woken by its closing."""
        self.expired = True
        self.open = False
        if self.wire is not None:
            self.wire.close()
        if self.pool is not None and self in self.pool:
            self.pool.remove(self)
            self.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        self.open = False
        self._parser = self.pool = None  # they hold this connection: no circle may keep it
        self.ends_ns = _NO_MORE
        if self.slot:
            self._watchdog.forget(self)
        if self.wire is not None:
            self.wire.close()

    # -- one exchange ----------------------------------------------------------------------------------------------

    def exchange(self, method: str, request: bytes, ends_ns: int) -> None:
        """Send a request and take in its whole answer (status, fields, parts). Raises a ClientError and closes."""
        self.method, self.status, self.length, self.first_byte_ns = method, 0, 0, 0
        self._forget()
        self.head_done = self.done = self.keeps = False
        self.guard(ends_ns)
        try:
            self._through(request)
        except OSError as error:
            self.close()
            if self.expired:
                raise DeadlinePassed("no whole answer before the deadline") from None
            raise ConnectionLost(f"the connection was lost: {error}") from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.close()
            raise self._meant(error) from None
        except BaseException:  # the visitor was ended in the middle: what comes next belongs to nobody
            self.close()
            raise
        self.open = self.open and self.keeps

    def _forget(self) -> None:
        """Begin with an empty answer; the one before belongs to whoever asked for it."""
        self.fields: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self._coming = self.fields

    def _through(self, request: bytes) -> None:
        wire, feed = self.wire, self._parser.feed_data
        wire.send(request)
        data = wire.receive()
        if data:
            self.first_byte_ns = monotonic_ns()
        head_bytes = 0
        while data:
            feed(data)
            if self.done:
                return
            if not self.head_done:
                head_bytes += len(data)
                if head_bytes > LARGEST_HEAD:
                    raise TooLarge(f"a head of more than {LARGEST_HEAD} bytes")
            data = wire.receive()
        self._ended()

    @property
    def any_byte(self) -> bool:
        """Whether anything of the present answer has come."""
        return self.first_byte_ns > 0

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
