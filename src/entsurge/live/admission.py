"""Who may look and who may press a button: Host, Origin, tokens; and what every answer tells the browser to keep to."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
BUTTON_HEADER = "x-entsurge-token"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Admission:
    """The rules of one page. `operators` is the token that looking takes; empty where looking is free.

    `button` is the page's own token for what changes something, `ticket` what the cookie of whoever has shown the
    operator's token holds; both are drawn anew for every run.
    """

    names: tuple[str, ...]
    port: int
    tls: bool = False
    operators: str = field(default="", repr=False)
    button: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name; over TLS, one that browsers take from this very host alone."""
        return f"{'__Host-' if self.tls else ''}entsurge-live-{self.port}"

    @property
    def set_cookie(self) -> str:
        """What lets a browser in that has shown the operator's token."""
        return f"{self.cookie}={self.ticket}; Path=/; HttpOnly; SameSite=Strict{'; Secure' * self.tls}"

    def knows_host(self, host: str) -> bool:
        """Whether a request was meant for us: a name that was made to resolve to this machine is none of ours."""
        return self._ours(f"//{host}", "")

    def knows_origin(self, origin: str) -> bool:
        """Whether the page that asks is ours."""
        return self._ours(origin, "https" if self.tls else "http")

    def knows_operator(self, token: str) -> bool:
        """Whether this is the operator's token."""
        return bool(self.operators) and _same(token, self.operators)

    def may_look(self, headers: Mapping[str, str]) -> bool:
        """Whether whoever asks has shown the operator's token, where one is needed."""
        if not self.operators:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows_operator(given.strip()):
            return True
        try:
            held = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return held is not None and _same(held.value, self.ticket)

    def may_press(self, headers: Mapping[str, str]) -> bool:
        """Whether a request that changes something comes from our own page."""
        return self.knows_origin(headers.get("origin", "")) and _same(headers.get(BUTTON_HEADER, ""), self.button)

    def _ours(self, url: str, scheme: str) -> bool:
        try:
            found = urlsplit(url)
            port = found.port or (443 if self.tls else 80)
        except ValueError:
            return False
        plain = found.username is None and not found.path.strip("/") and not found.query
        name = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
        return found.scheme == scheme and plain and name in self.names and port == self.port


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
