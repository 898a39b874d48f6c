"""TLS as a browser does it: certificate and name verified, HTTP/2 offered, each visitor's own sessions resumed."""

from __future__ import annotations

import ssl
from collections import deque
from functools import cached_property
from typing import Any, Literal

Http = Literal["auto", "1.1", "2"]
MOST_LEFT_BEHIND = 4096
ALPN: dict[str, list[str]] = {"auto": ["h2", "http/1.1"], "1.1": ["http/1.1"], "2": ["h2"]}


class Tls:
    """One for all visitors of a run; `authority` is a file of certificates to trust beside the system's.

    `http` is what is offered by ALPN; `certificate` and `key` are shown to servers that ask for a client's. The engine
    works in memory (RFC 8446 without a socket), so that waiting and deadlines are those of the wire.
    """

    wants_read = ssl.SSLWantReadError
    closed = (ssl.SSLZeroReturnError, ssl.SSLEOFError)

    def __init__(
        self, authority: str | None = None, *, http: Http = "auto", certificate: str = "", key: str = ""
    ) -> None:
        self.authority, self.http = authority, http
        self.certificate, self.key = certificate, key
        self.left_behind: deque[Tickets] = deque(maxlen=MOST_LEFT_BEHIND)
        """Tickets of browsers whose visits are over, one entry each, for those that come back."""

    @cached_property
    def context(self) -> ssl.SSLContext:
        """What connections for pages are made with."""
        return self._context(ALPN[self.http])

    @cached_property
    def http1_context(self) -> ssl.SSLContext:
        """What connections are made with that must speak HTTP/1.1: those of WebSockets."""
        return self.context if self.http == "1.1" else self._context(ALPN["1.1"])

    def _context(self, protocols: list[str]) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_default_certs()
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.authority:
            made.load_verify_locations(self.authority)
        if self.certificate:
            made.load_cert_chain(self.certificate, self.key or None, password="")
        made.set_alpn_protocols(protocols)
        return made


class Tickets:
    """The TLS sessions that one visitor can resume: those that servers gave to this visitor, and to nobody else.

    A session is read off an engine only when another connection to its host is made: reading it is dear (OpenSSL writes
    it out and reads it in again), and most connections of a visit are the last to their host.
    """

    __slots__ = ("_engines", "_sessions")

    def __init__(self) -> None:
        self._engines: dict[tuple[str, ssl.SSLContext], Any] = {}
        self._sessions: dict[tuple[str, ssl.SSLContext], Any] = {}

    def of(self, host: str, context: ssl.SSLContext) -> Any:
        """The session to resume with this host; None for none."""
        engine = self._engines.pop((host, context), None)
        if engine is not None:
            session = engine.session
            if session is not None and session.has_ticket:
                self._sessions[host, context] = session
            else:  # with TLS 1.3 a ticket comes only after the handshake
                self._engines[host, context] = engine
        return self._sessions.get((host, context))

    def settled(self) -> Tickets:
        """The same with every session read, so that no engine is kept."""
        for host, context in list(self._engines):
            self.of(host, context)
        self._engines.clear()
        return self

    def learn(self, host: str, context: ssl.SSLContext, engine: Any) -> None:
        """A handshake with this host has succeeded; its session is read when it is needed."""
        if (host, context) not in self._sessions:
            self._engines.setdefault((host, context), engine)
