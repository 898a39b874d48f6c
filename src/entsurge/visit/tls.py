"""TLS as a browser does it: certificate and name verified, sessions resumed."""

from __future__ import annotations

import ssl as standard
from typing import Any

from gevent import ssl


class Tls:
    """One context for all visitors of a run; `authority` is a file of certificates to trust beside the system's."""

    def __init__(self, authority: str | None = None) -> None:
        self.context: Any = ssl.create_default_context()
        self.context.minimum_version = standard.TLSVersion.TLSv1_2
        if authority:
            self.context.load_verify_locations(authority)
        self.sessions: dict[str, Any] = {}

    def wrap(self, sock: Any, host: str) -> Any:
        """A socket that speaks TLS; raises OSError (ssl.SSLError among them) when the peer is not trusted."""
        wrapped = self.context.wrap_socket(sock, server_hostname=host, session=self.sessions.get(host))
        self.sessions[host] = wrapped.session
        return wrapped
