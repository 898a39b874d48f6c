"""TLS as a browser does it: certificate and name verified, sessions resumed."""

from __future__ import annotations

import ssl as standard
from typing import Any

from gevent import ssl


class Tls:
    """One context for all visitors of a run; `authority` is a file of certificates to trust beside the system's."""

    def __init__(self, authority: str | None = None) -> None:
        # gevent's own class: the standard one would stop the whole loop during a handshake
        self.context: Any = ssl.SSLContext(standard.PROTOCOL_TLS_CLIENT)
        self.context.load_default_certs()
        self.context.minimum_version = standard.TLSVersion.TLSv1_2
        if authority:
            self.context.load_verify_locations(authority)
        self.sessions: dict[str, Any] = {}

    def wrapped(self, sock: Any, host: str) -> Any:
        """A socket that will speak TLS once `do_handshake` has been called on it, resuming a session if it can."""
        return self.context.wrap_socket(
            sock, server_hostname=host, session=self.sessions.get(host), do_handshake_on_connect=False
        )

    def keep_session(self, sock: Any, host: str) -> None:
        """Keep the session of a socket whose handshake is over, for the next connection to this host."""
        self.sessions[host] = sock.session
