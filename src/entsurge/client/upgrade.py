"""How a WebSocket begins: an HTTP request that the server answers by switching protocols, or with a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, RejectConnection, RejectData, Request
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.handshake import H11Handshake
from wsproto.utilities import ProtocolError

from entsurge.client.failure import ConnectionLost, DeadlinePassed, ProtocolBroken, UpgradeRefused
from entsurge.client.response import Headers, Response
from entsurge.client.websocket import LARGEST_MESSAGE, Fields, WebSocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wsproto.events import Event

    from entsurge.client.http1 import Http1Connection as Connection

LARGEST_REFUSAL = 64 * 1024


@dataclass(slots=True)
class Upgrade:
    """What a WebSocket is asked for with; `compressed` offers permessage-deflate, `largest` bounds each message."""

    url: str
    authority: str
    target: bytes
    fields: Fields
    compressed: bool = False
    largest: int = LARGEST_MESSAGE


def upgrade(connection: Connection, wanted: Upgrade, ends_ns: int) -> WebSocket:
    """Ask on a connection that is open for a WebSocket, by this monotonic time. Raises a ClientError and closes."""
    connection.guard(ends_ns)
    try:
        found = _shaken(connection, wanted)
    except OSError as error:
        connection.close()
        if connection.expired:
            raise DeadlinePassed("no WebSocket before the deadline") from None
        raise ConnectionLost(f"the connection was lost: {error}") from None
    except (ProtocolError, ValueError) as error:
        connection.close()
        raise ProtocolBroken(f"what came is no answer to a WebSocket: {error}") from None
    except BaseException:
        connection.close()
        raise
    connection.guard(0)
    return found


def _shaken(connection: Connection, wanted: Upgrade) -> WebSocket:
    shake = H11Handshake(ConnectionType.CLIENT)
    extensions: list[Extension] = [PerMessageDeflate()] if wanted.compressed else []
    request = Request(
        host=wanted.authority, target=wanted.target.decode("ascii"), extensions=extensions, extra_headers=wanted.fields
    )
    connection.wire.send(shake.send(request))
    refusal = Refusal(wanted.url)
    while True:
        data = bytes(connection.wire.receive())
        if not data:
            refusal.end()
        shake.receive_data(data)
        for event in shake.events():
            if isinstance(event, AcceptConnection):
                return WebSocket(connection, shake.connection, _plain(event.extra_headers), wanted.largest)
            refusal.take(event)


class Refusal:
    """The page that a server sends instead of a WebSocket; raised as UpgradeRefused once it is whole."""

    def __init__(self, url: str) -> None:
        self.url, self.status, self.fields, self.body = url, 0, Fields(), b""

    def take(self, event: Event) -> None:
        """One event of the refusal."""
        if isinstance(event, RejectConnection):
            self.status, self.fields = event.status_code, _plain(event.headers)
            if not event.has_body:
                self.end()
        elif isinstance(event, RejectData):
            self.body += bytes(event.data)
            if event.body_finished or len(self.body) > LARGEST_REFUSAL:
                self.end()

    def end(self) -> None:
        """What came is all: raise it."""
        if not self.status:
            raise ConnectionLost("the server closed before it had answered")
        response = Response("GET", self.url, self.status, Headers(self.fields), self.body[:LARGEST_REFUSAL])
        raise UpgradeRefused(f"{self.url}: answered with {self.status}, no WebSocket", response)


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    return [(bytes(name), bytes(value)) for name, value in headers]
