"""Bytes to and from one address: a non-blocking socket that the hub watches, plain or in TLS.

The socket is the system's own, and is only read once the hub says that something has come: a first attempt that
nearly always fails costs more than the whole parsing of an answer.
"""

from __future__ import annotations

import errno
import os
import socket as standard
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any

from gevent import get_hub
from gevent.monkey import get_original

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.resolver import Endpoint

CHUNK = 65536
CHUNK_OF_TLS = (
    16384  # a record's length: what waits to be decrypted is kept as large as it ever was, in each connection
)
MOST_UNSAID = 16  # pieces of TLS that hold nothing for us, such as tickets: who sends more of them at once is left
_READ, _WRITE = 1, 2
_BIND_WITHOUT_PORT = 24  # IP_BIND_ADDRESS_NO_PORT of linux/in.h
_SYN_SENT = 2  # TCP_SYN_SENT of linux/tcp_states.h, the first byte of tcp_info
_SYSTEM_SOCKET: Any = get_original("socket", "socket")


_buffer = bytearray(CHUNK)
_view = memoryview(_buffer)


class Cut(OSError):
    """The wire was closed while somebody waited on it."""


class Interrupted(OSError):
    """Whoever waited for something to come was told to look again; the wire is as it was."""


class Wire:
    """One TCP connection. Every method that waits raises OSError; `close` wakes whoever waits with `Cut`.

    `peer` is the address at the other end, empty before it is connected to.
    """

    __slots__ = ("_closed", "_hub", "_idle", "_readable", "_sock", "_writable", "most", "peer")

    def __init__(self, family: int) -> None:
        self.most = CHUNK  # bytes that are received at once
        self._sock = _SYSTEM_SOCKET(family, standard.SOCK_STREAM)
        self._sock.setblocking(False)
        self._hub: Any = get_hub()
        self._readable = self._hub.loop.io(self._sock.fileno(), _READ)
        self._writable: Any = None
        self._closed = self._idle = False
        self.peer = ""

    def connect(self, endpoint: Endpoint, source: str = "") -> bool:
        """Begin to connect, from this address of ours if one is given; whether that is done already.

        If not, `writable` fires when it has ended, and `connected` says how. Raises OSError with the system's number.
        """
        if source:
            # the port is chosen when the destination is known: as many per destination as there are ports
            self._sock.setsockopt(standard.IPPROTO_IP, _BIND_WITHOUT_PORT, 1)
            self._sock.bind((source, 0))
        self._sock.setsockopt(standard.IPPROTO_TCP, standard.TCP_NODELAY, 1)
        self.peer = endpoint.address[0]
        code = self._sock.connect_ex(endpoint.address)
        if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            return False
        if code:
            raise OSError(code, os.strerror(code))
        return True

    def connected(self) -> bool:
        """Whether connecting, once begun, is done; never waits. Raises OSError when it has failed."""
        if self._sock.getsockopt(standard.IPPROTO_TCP, standard.TCP_INFO, 1)[0] == _SYN_SENT:
            return False
        code = self._sock.getsockopt(standard.SOL_SOCKET, standard.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        return True

    @property
    def writable(self) -> Any:
        """The watcher that fires when there is room to send, or when connecting has ended."""
        if self._writable is None:
            self._writable = self._hub.loop.io(self._sock.fileno(), _WRITE)
        return self._writable

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._closed:
            raise Cut("closed")
        sent = self._sent(data)
        if sent == len(data):
            return
        view = memoryview(data)[sent:]
        while view:
            self._wait_writable()
            view = view[self._sent(view) :]

    def receive(self) -> memoryview:
        """What has come, at most `most` bytes; empty when the other side has closed. Waits for it.

        It stands in a buffer that all wires share: use it before anybody else gets a turn.
        """
        if self._closed:
            raise Cut("closed")
        while True:
            self._hub.wait(self._readable)
            try:
                return _view[: self._sock.recv_into(_buffer, self.most)]
            except BlockingIOError:
                continue

    def stale(self) -> bool:
        """Whether the other side has closed, or said something unasked, while the connection lay idle."""
        return self.arrived() is not None

    def arrived(self) -> bytes | None:
        """What has come while nobody waited: None of nothing, empty when the other side has closed. Never waits."""
        if self._closed:
            return b""
        try:
            found: bytes = self._sock.recv(self.most)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        return found

    def interrupt(self) -> None:
        """Wake whoever waits in `receive` with `Interrupted`; called in the hub."""
        if not self._closed:
            self._hub.cancel_wait(self._readable, Interrupted("look again"))

    def when_idle(self, callback: Callable[[], None] | None) -> None:
        """Call this in the hub whenever something has come, as long as nobody receives; None: no more."""
        if self._closed:
            return
        if self._idle:
            self._readable.stop()
        self._idle = callback is not None
        if callback is not None:
            # no bound method: an interruption that comes too late is thrown into whatever the callback belongs to
            self._readable.start(partial(callback))

    def send_at_once(self, data: bytes) -> bool:
        """Send all of it without waiting; False when the system takes no more. Raises OSError."""
        return not self._closed and self._sent(data) == len(data)

    def close(self) -> None:
        """Close; who waits is woken in the hub's next turn, and only then is the number given back."""
        if self._closed:
            return
        self.when_idle(None)  # its callback is no greenlet that could be woken
        self._closed = True
        self._hub.cancel_waits_close_and_then((self._readable, self._writable), Cut("closed"), self._sock.close)

    def _sent(self, data: bytes | memoryview) -> int:
        try:
            sent: int = self._sock.send(data)
        except BlockingIOError:
            return 0
        return sent

    def _wait_writable(self) -> None:
        if self._closed:
            raise Cut("closed")
        self._hub.wait(self.writable)


class TlsWire:
    """TLS over a wire that is connected. The same methods, the same errors."""

    __slots__ = ("_engine", "_incoming", "_outgoing", "_sending", "_wire")
    wants_read = ssl.SSLWantReadError
    closed = (ssl.SSLZeroReturnError, ssl.SSLEOFError)

    def __init__(self, wire: Wire, context: ssl.SSLContext, host: str, session: Any = None) -> None:
        self._wire, self._sending = wire, False
        wire.most = CHUNK_OF_TLS
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._engine: Any = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host, session=session)

    @property
    def engine(self) -> Any:
        """The TLS engine: what was agreed on, and the session."""
        return self._engine

    @property
    def peer(self) -> str:
        """The address at the other end."""
        return self._wire.peer

    def handshake(self) -> None:
        """Agree on keys, certificate and name verified. Raises OSError (ssl.SSLError among them)."""
        while True:
            try:
                self._engine.do_handshake()
                break
            except self.wants_read:
                self._flush()
                self._take()
        self._flush()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._engine.write(data)
        self._flush()

    def receive(self) -> bytes:
        """What has come, decrypted; empty when the other side has closed. Waits for it."""
        while True:
            unread = self._incoming.pending or self._engine.pending() or self._incoming.eof
            if not unread and not self._take():  # to ask the engine in vain takes 4 µs
                return b""
            try:
                data: bytes = self._engine.read(CHUNK)
            except self.wants_read:
                if self._outgoing.pending:  # the server has begun a handshake in the middle (RFC 5246, 7.4.1.1)
                    self._flush()
            except self.closed:
                return b""
            else:
                return data

    def stale(self) -> bool:
        """Whether the other side has closed, or said something unasked, while the connection lay idle.

        Session tickets come unasked too: what has come is shown to the engine, which knows them from an answer.
        """
        return self.arrived() is not None

    def arrived(self) -> bytes | None:
        """What has come while nobody waited: None of nothing, empty when the other side has closed. Never waits."""
        for _ in range(MOST_UNSAID):
            data = self._wire.arrived()
            if data:
                self._incoming.write(data)
            found = self._unread()
            if found or not data:
                return found if found is not None else data
        return b""

    def _unread(self) -> bytes | None:
        """All that the engine has, decrypted: None of nothing, empty when the other side has closed."""
        found = []
        try:
            while True:
                found.append(self._engine.read(CHUNK))
        except self.wants_read:
            return b"".join(found) or None
        except OSError:
            self._incoming.write_eof()  # whoever receives next is told at once
            return b"".join(found)

    def interrupt(self) -> None:
        """Wake whoever waits in `receive` with `Interrupted`; called in the hub."""
        self._wire.interrupt()

    def when_idle(self, callback: Callable[[], None] | None) -> None:
        """Call this in the hub whenever something has come, as long as nobody receives; None: no more."""
        self._wire.when_idle(callback)

    def send_at_once(self, data: bytes) -> bool:
        """Send all of it without waiting; False when the system takes no more. Raises OSError."""
        self._engine.write(data)
        return self._wire.send_at_once(self._outgoing.read())

    def close(self) -> None:
        """Close."""
        self._wire.close()

    def _take(self) -> bool:
        data = self._wire.receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)

    def _flush(self) -> None:
        """Send what the engine has to send; whoever sends already takes it along."""
        if self._sending:
            return
        self._sending = True
        try:
            while self._outgoing.pending:
                self._wire.send(self._outgoing.read())
        finally:
            self._sending = False
