"""One visitor's connections to one origin, as a browser keeps them: six of HTTP/1.1, or one of HTTP/2."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

from entsurge.client.dialing import dial
from entsurge.client.http1 import Http1Connection

if TYPE_CHECKING:
    from entsurge.client.dialing import Dialed, Route
    from entsurge.client.url import Origin

MOST_CONNECTIONS = 6
IDLE_NS = 5_000_000_000


class Pool:
    """The connections to one origin. `protocol` is what the last one spoke; empty before there was any."""

    def __init__(self, origin: Origin, route: Route) -> None:
        self.origin, self.route, self.protocol = origin, route, ""
        self._idle: list[Http1Connection] = []
        self._closed = False

    def kept(self, *, certain: bool) -> Http1Connection | None:
        """A connection from before; `certain` when a request that must not be sent twice is to go over it."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open and not (certain and connection.wire.stale()):
                return connection
            connection.close()
        return None

    def made(self, ends_ns: int) -> tuple[Http1Connection, Dialed]:
        """A new connection, by this monotonic time. Raises a ClientError."""
        dialed = dial(self.origin, self.route, ends_ns)
        self.protocol = "1.1"
        return Http1Connection(self.origin, dialed), dialed

    def give_back(self, connection: Http1Connection) -> None:
        """Keep a connection that can be used again: the first as long as the visit lasts, more of them for 5 s."""
        if not connection.open or self._closed or len(self._idle) >= MOST_CONNECTIONS:
            connection.close()
            return
        connection.rest(self._idle, monotonic_ns() + IDLE_NS if self._idle else 0)

    def close(self) -> None:
        """Close every connection that lies idle; those in use are closed when they are given back."""
        self._closed = True
        for connection in self._idle:
            connection.close()
        self._idle.clear()
