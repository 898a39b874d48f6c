"""One visitor's connections to one origin, as a browser keeps them: six of HTTP/1.1, or one of HTTP/2."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

from gevent.event import Event

from entsurge.client.dialing import dial
from entsurge.client.failure import ConnectionLost, DeadlinePassed, ProtocolBroken
from entsurge.client.http1 import Http1Connection
from entsurge.client.http2 import Http2Connection

if TYPE_CHECKING:
    from entsurge.client.dialing import Dialed, Route
    from entsurge.client.url import Origin

MOST_CONNECTIONS = 6
IDLE_NS = 5_000_000_000
Connection = Http1Connection | Http2Connection


class Pool:
    """The connections to one origin. `protocol` is what it speaks, "1.1" or "2"; empty as long as nobody knows."""

    def __init__(self, origin: Origin, route: Route) -> None:
        self.origin, self.route = origin, route
        self.protocol = "" if origin.secure and route.tls.http != "1.1" else "1.1"
        self._idle: list[Http1Connection] = []
        self._http2: Http2Connection | None = None
        self._dialing: Event | None = None  # while somebody dials what others can use too
        self._closed = False

    def take(self, ends_ns: int, *, certain: bool = False, new: bool = False) -> tuple[Connection, Dialed | None]:
        """A connection for one exchange, and how it was made if it was made for it. Raises a ClientError.

        `certain`: it is to carry what must not be sent twice. `new`: one that lay idle has just turned out stale.
        """
        while True:
            if self._closed:
                raise ConnectionLost("closed by the visitor")
            if self._http2 is not None and (self._http2.still_open() if certain else self._http2.open):
                return self._http2, None
            kept = None if new else self._kept(certain=certain)
            if kept is not None:
                return kept, None
            if self.protocol == "1.1":
                return self._made(ends_ns)
            if self._dialing is None:
                return self._made_for_all(ends_ns)
            if not self._dialing.wait(max(0.0, (ends_ns - monotonic_ns()) / 1e9)):
                raise DeadlinePassed("no connection before the deadline")

    def _made_for_all(self, ends_ns: int) -> tuple[Connection, Dialed]:
        """A new connection, while others wait for what it turns out to speak: HTTP/2 needs only one."""
        dialing = self._dialing = Event()
        try:
            return self._made(ends_ns)
        finally:
            self._dialing = None
            dialing.set()

    def _made(self, ends_ns: int) -> tuple[Connection, Dialed]:
        dialed = dial(self.origin, self.route, ends_ns)
        if self._closed:
            dialed.wire.close()
            raise ConnectionLost("closed by the visitor")
        if dialed.protocol == "h2":
            self.protocol, self._http2 = "2", Http2Connection(self.origin, dialed)
            return self._http2, dialed
        if self.route.tls.http == "2" and self.origin.secure:
            dialed.wire.close()
            raise ProtocolBroken(f'{self.origin.host} does not offer HTTP/2; say http = "auto" or "1.1"')
        self.protocol = "1.1"
        return Http1Connection(self.origin, dialed), dialed

    def _kept(self, *, certain: bool) -> Http1Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.open and not (certain and connection.wire.stale()):
                return connection
            connection.close()
        return None

    def give_back(self, connection: Http1Connection) -> None:
        """Keep a connection that can be used again: the first as long as the visit lasts, more of them for 5 s."""
        if not connection.open or self._closed or len(self._idle) >= MOST_CONNECTIONS:
            connection.close()
            return
        connection.rest(self._idle, monotonic_ns() + IDLE_NS if self._idle else 0)

    def close(self) -> None:
        """Close every connection that lies idle; those in use are closed when they are given back."""
        self._closed = True
        if self._http2 is not None:
            self._http2.close()
        for connection in self._idle:
            connection.close()
        self._idle.clear()
