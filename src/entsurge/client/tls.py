"""TLS as a browser does it: certificate and name verified, sessions resumed."""

from __future__ import annotations

import ssl
from typing import Any


class Tls:
    """One context for all visitors of a run; `authority` is a file of certificates to trust beside the system's.

    The engine works in memory (RFC 8446 without a socket), so that waiting and deadlines are those of the wire.
    """

    wants_read = ssl.SSLWantReadError
    closed = (ssl.SSLZeroReturnError, ssl.SSLEOFError)

    def __init__(self, authority: str | None = None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.load_default_certs()
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if authority:
            self.context.load_verify_locations(authority)
        self.sessions: dict[str, Any] = {}

    def engine(self, host: str) -> tuple[ssl.MemoryBIO, ssl.MemoryBIO, Any]:
        """What comes in, what goes out, and the engine between them, resuming a session if there is one."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        made = self.context.wrap_bio(incoming, outgoing, server_hostname=host, session=self.sessions.get(host))
        return incoming, outgoing, made

    def keep_session(self, engine: Any, host: str) -> None:
        """Keep an engine's session: with TLS 1.3 it is there only once the first answer has been read."""
        if engine.session is not None and engine.session.has_ticket:
            self.sessions[host] = engine.session
