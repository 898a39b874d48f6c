"""A visitor's WebSocket (RFC 6455): wsproto's frames on the same wires, addresses and deadlines as a page's requests.

No greenlet is kept behind it: whoever has the socket reads it, and what the protocol asks for (pongs, the closing
handshake) is answered while reading. So a visitor in a chat room or a video class
costs one socket and no greenlet more.
"""

from __future__ import annotations

from collections import deque
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

import gevent
from wsproto.connection import ConnectionState
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from entsurge.client.failure import (
    ClientError,
    Closed,
    ConnectionLost,
    DeadlinePassed,
    ProtocolBroken,
    TooLarge,
)

if TYPE_CHECKING:
    from wsproto.events import Event

    from entsurge.client.http1 import Http1Connection as Connection

LARGEST_MESSAGE = 1024 * 1024
ANSWER_SECONDS = 5.0  # how long a server may take to read what the protocol makes us say
NORMAL, TOO_BIG = 1000, 1009
Fields = list[tuple[bytes, bytes]]


class WebSocket:
    """An open WebSocket; `connection` is its wire's. Every failure is a ClientError and closes it."""

    def __init__(self, connection: Connection, frames: Any, fields: Fields, largest: int) -> None:
        self.fields = fields
        self.bytes_received = self.bytes_sent = 0
        self._connection, self._frames, self._largest = connection, frames, largest
        self._whole: deque[str | bytes] = deque()
        self._parts: list[Any] = []
        self._length = 0
        self._pongs = 0
        self._over: tuple[Any, ...] | None = (
            None  # what ended it: an error kept whole would hold this socket by its trace
        )
        self._sort()

    @property
    def open(self) -> bool:
        """Whether it can still be used."""
        return self._over is None

    def send(self, message: str | bytes, *, deadline_seconds: float) -> None:
        """Send one message. Raises DeadlinePassed, and is closed, when the server does not read it in time."""
        self._say(Message(data=message), deadline_seconds)  # type: ignore[type-var]
        self.bytes_sent += len(message)

    def receive(self, seconds: float) -> str | bytes | None:
        """The next whole message; None when none is whole after so many seconds, however its bytes drip in.

        What has come of a message is kept for the next call. Raises what ended the socket once nothing is left.
        """
        ends_ns = monotonic_ns() + int(seconds * 1e9)
        while not self._whole:
            if self._over is not None:
                raise self._why()
            if not self._read(ends_ns):
                return None
        return self._whole.popleft()

    def ping(self, *, deadline_seconds: float) -> float:
        """Ping, and wait for the pong; the seconds that it took. Messages that come meanwhile are kept."""
        began, before = monotonic_ns(), self._pongs
        ends_ns = began + int(deadline_seconds * 1e9)
        self._say(Ping(payload=b"?"), deadline_seconds)
        while self._pongs == before:
            if self._over is not None:
                raise self._why()
            if not self._read(ends_ns):
                raise self._end(DeadlinePassed, "no pong before the deadline")
        return (monotonic_ns() - began) / 1e9

    def close(self, *, deadline_seconds: float = 1.0) -> None:
        """Say that we go and wait so long for the other side to agree; closed in any case, and never raises."""
        if self._over is None:
            ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
            try:
                self._say(CloseConnection(code=NORMAL), deadline_seconds)
                while self._over is None and self._read(ends_ns):
                    self._whole.clear()
            except ClientError:
                pass
        self.abort()

    def abort(self) -> None:
        """Close the wire at once; harmless when closed already."""
        self._end(ConnectionLost, "closed by the visitor")

    # -- how -------------------------------------------------------------------------------------------------------

    def _say(self, event: Event, seconds: float) -> None:
        """Send one frame whole, or close: half a frame can never be made good."""
        if self._over is not None:
            raise self._why()
        self._connection.guard(monotonic_ns() + int(seconds * 1e9))
        try:
            self._connection.wire.send(bytes(self._frames.send(event)))
        except OSError as error:
            raise self._lost(error, "not read by the server before the deadline") from None
        except BaseException:  # the visitor was ended in the middle of a frame
            self.abort()
            raise
        self._connection.guard(0)

    def _read(self, ends_ns: int) -> bool:
        """Take in what comes next; False when nothing came before this monotonic time."""
        left = ends_ns - monotonic_ns()
        if left <= 0:
            return False
        size = -1
        try:
            with gevent.Timeout(left / 1e9, False):
                data = self._connection.wire.receive()
                size = len(data)
                if size:
                    self._frames.receive_data(data)
        except OSError as error:
            raise self._lost(error, "ended by its deadline") from None
        if size > 0:
            self.bytes_received += size
            self._sort()
        elif size == 0:
            self._end(ConnectionLost, "the server closed without a closing handshake")
        return size >= 0

    def _sort(self) -> None:
        """Put whole messages aside and answer what the protocol asks."""
        for event in self._frames.events():
            if isinstance(event, TextMessage | BytesMessage):
                self._piece(event)
            elif isinstance(event, Ping):
                self._say(event.response(), ANSWER_SECONDS)
            elif isinstance(event, Pong):
                self._pongs += 1
            elif isinstance(event, CloseConnection):
                self._closing(event)
            if self._over is not None:
                return

    def _piece(self, event: TextMessage | BytesMessage) -> None:
        self._parts.append(event.data)
        self._length += len(event.data)
        if self._length > self._largest:
            self._refuse(TOO_BIG)
            self._end(TooLarge, f"a message of more than {self._largest} bytes")
        elif event.message_finished:
            first = self._parts[0]
            self._whole.append(first if len(self._parts) == 1 else first[:0].join(self._parts))
            self._parts, self._length = [], 0

    def _closing(self, event: CloseConnection) -> None:
        """The other side closes, agrees to our closing, or has said what is no WebSocket."""
        code, words = int(event.code), event.reason or ""
        if self._frames.state is ConnectionState.REMOTE_CLOSING:
            self._refuse(code)
            self._end(Closed, code, words)
        elif self._frames.state is ConnectionState.CLOSED:
            self._end(Closed, code, words)
        else:
            self._refuse(code)
            self._end(ProtocolBroken, f"what came is no WebSocket: {words}")

    def _refuse(self, code: int) -> None:
        """Say why we close, if the other side still reads."""
        try:
            self._say(CloseConnection(code=code), ANSWER_SECONDS)
        except (ClientError, ProtocolError):
            return

    def _end(self, *why: Any) -> ClientError:
        """Close for this reason (an error's class and its words), the first one given; the error to raise."""
        if self._over is None:
            self._over = why
        # wsproto's parser is a generator that its own frame holds: closed, it is freed without the collector
        self._frames._proto._parse_more.close()  # noqa: SLF001  nothing public does it
        self._connection.close()
        return self._why()

    def _why(self) -> ClientError:
        kind, *words = self._over or (ConnectionLost, "closed")
        found: ClientError = kind(*words)
        return found

    def _lost(self, error: OSError, late: str) -> ClientError:
        if self._connection.expired:
            return self._end(DeadlinePassed, late)
        return self._end(ConnectionLost, f"the connection was lost: {error}")
