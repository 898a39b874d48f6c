"""TLS as a browser does it: certificate and name verified, HTTP/2 offered, each visitor's own sessions resumed."""

from __future__ import annotations

import ssl
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from entsurge.client.url import Origin

Http = Literal["auto", "1.1", "2"]
MOST_LEFT_BEHIND = 4096
_Place = tuple[str, int, ssl.SSLContext]
ALPN: dict[str, list[str]] = {"auto": ["h2", "http/1.1"], "1.1": ["http/1.1"], "2": ["h2"]}


class Tls:
    """One for all visitors of a run; `authority` and `also` are files of certificates to trust beside the system's.

    `http` is what is offered by ALPN; `certificate` and `key` are shown to servers that ask for a client's. The engine
    works in memory (RFC 8446 without a socket), so that waiting and deadlines are those of the wire.
    """

    wants_read = ssl.SSLWantReadError
    closed = (ssl.SSLZeroReturnError, ssl.SSLEOFError)

    def __init__(
        self,
        authority: str | None = None,
        *,
        http: Http = "auto",
        certificate: str = "",
        key: str = "",
        also: str = "",
    ) -> None:
        self.authority, self.also, self.http = authority, also, http
        self.certificate, self.key = certificate, key
        self.left_behind: deque[Tickets] = deque(maxlen=MOST_LEFT_BEHIND)
        """Tickets of browsers whose visits are over, one entry each, for those that come back."""

    @cached_property
    def context(self) -> ssl.SSLContext:
        """What connections for pages are made with."""
        return self._context(ALPN[self.http])

    def make_ready(self) -> None:
        """Read the authorities now, which takes some 50 ms, instead of when the first visitor connects."""
        self.context  # noqa: B018  kept from now on

    @cached_property
    def http1_context(self) -> ssl.SSLContext:
        """What connections are made with that must speak HTTP/1.1: those of WebSockets."""
        return self.context if self.http == "1.1" else self._context(ALPN["1.1"])

    def _context(self, protocols: list[str]) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_default_certs()
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        for path in filter(None, (self.authority, self.also)):
            made.load_verify_locations(path)
        if self.certificate:
            made.load_cert_chain(self.certificate, self.key or None, password="")
        made.set_alpn_protocols(protocols)
        return made


class Tickets:
    """The TLS sessions that one visitor can resume: those that servers gave to this visitor, and to nobody else.

    A session is read off an engine only when another connection to its server is made: reading it is dear (OpenSSL
    writes it out and reads it in again), and most connections of a visit are the last to their server.
    """

    __slots__ = ("_engines", "_sessions")

    def __init__(self) -> None:
        self._engines: dict[_Place, Any] = {}
        self._sessions: dict[_Place, Any] = {}

    def of(self, origin: Origin, context: ssl.SSLContext) -> Any:
        """The session to resume there; None for none."""
        place = (origin.host, origin.port, context)
        self._read(place)
        return self._sessions.get(place)

    def settled(self) -> Tickets:
        """The same with every session read, so that no engine is kept."""
        for place in list(self._engines):
            self._read(place)
        self._engines.clear()
        return self

    def learn(self, origin: Origin, context: ssl.SSLContext, engine: Any, offered: Any) -> None:
        """A handshake there has succeeded, to which this session was offered; its own is read when it is needed.

        A whole handshake says that the server takes the one that was offered no more.
        """
        if engine.session_reused:
            return
        place = (origin.host, origin.port, context)
        if offered is not None and self._sessions.get(place) is offered:
            del self._sessions[place]
        if place not in self._sessions:
            self._engines[place] = engine

    def _read(self, place: _Place) -> None:
        session = self._engines[place].session if place in self._engines else None
        if session is not None and session.has_ticket:  # with TLS 1.3 a ticket comes only after the handshake
            self._sessions[place] = session
            del self._engines[place]
