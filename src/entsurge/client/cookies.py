"""A visitor's cookies by RFC 6265: domain, path, secure, expiry. Not kept: what a server may not set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.url import Address, Origin

MOST = 300
MOST_LINES = 64


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie; `expires` in seconds of the epoch, None for the visit's length."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float | None

    def fits(self, host: str, path: str, *, secure: bool, now: float) -> bool:
        """Whether a request to this host and path carries it."""
        if self.expires is not None and self.expires <= now:
            return False
        if self.secure and not secure:
            return False
        return (host == self.domain if self.host_only else domain_matches(host, self.domain)) and path_matches(
            path, self.path
        )


class CookieJar:
    """The cookies of one visitor; `now` is injected by tests."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._kept: dict[tuple[str, str, str], Cookie] = {}
        self._lines: dict[tuple[Origin, str], bytes] = {}  # for as long as no cookie changes or can expire
        self._expires = False

    def take(self, address: Address, lines: list[str]) -> None:
        """Take in the Set-Cookie lines of an answer; what the server may not set is left out."""
        for line in lines:
            cookie = _lasting(line, address) or parse(line, address, self._now())
            if cookie is None:
                continue
            key = (cookie.name, cookie.domain, cookie.path)
            if self._kept.get(key) == cookie:
                continue
            self._lines.clear()
            if cookie.expires is not None and cookie.expires <= self._now():
                self._kept.pop(key, None)
            elif key in self._kept or len(self._kept) < MOST:
                self._kept[key] = cookie
                self._expires |= cookie.expires is not None

    def value(self, name: str) -> str:
        """The value of the last cookie of this name, as a page's script reads it; empty for none."""
        return next((each.value for each in reversed(self._kept.values()) if each.name == name), "")

    def line(self, address: Address) -> bytes:
        """The Cookie field of a request as a line of its head; empty for none."""
        if not self._kept:
            return b""
        found = self._lines.get((address.origin, address.path))
        if found is None:
            header = self.header(address)
            found = f"Cookie: {header}\r\n".encode("latin-1", "replace") if header else b""
            if not self._expires and len(self._lines) < MOST_LINES:
                self._lines[address.origin, address.path] = found
        return found

    def header(self, address: Address) -> str:
        """The value of a request's Cookie field, longer paths first; empty for none."""
        now, origin = self._now(), address.origin
        fitting = [
            each for each in self._kept.values() if each.fits(origin.host, address.path, secure=origin.secure, now=now)
        ]
        fitting.sort(key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" for each in fitting)


def domain_matches(host: str, domain: str) -> bool:
    """RFC 6265, 5.1.3: the same name, or a name under it that is no address."""
    if host == domain:
        return True
    return host.endswith(f".{domain}") and not _is_address(host)


def path_matches(path: str, cookie_path: str) -> bool:
    """RFC 6265, 5.1.4: the same path, or one under it."""
    if path == cookie_path:
        return True
    return path.startswith(cookie_path) and (
        cookie_path.endswith("/") or path[len(cookie_path) : len(cookie_path) + 1] == "/"
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def parse(line: str, address: Address, now: float) -> Cookie | None:
    """The cookie that a Set-Cookie line sets at this address; None when it sets none."""
    pair, *attributes = line.split(";")
    name, equals, value = pair.strip().partition("=")
    if not equals or not name.strip():
        return None
    given = {}
    for attribute in attributes:
        key, _, argument = attribute.strip().partition("=")
        given[key.lower()] = argument.strip()
    host = address.origin.host
    domain = given.get("domain", "").lower().lstrip(".")
    if domain and (not domain_matches(host, domain) or ("." not in domain and domain != host)):
        return None
    if "secure" in given and not address.origin.secure:
        return None
    if given.get("samesite", "").lower() == "none" and "secure" not in given:
        return None  # browsers keep a cookie for all sites only when it is secure
    path = given.get("path", "")
    return Cookie(
        name=name.strip(),
        value=value.strip(),
        domain=domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else default_path(address.path),
        secure="secure" in given,
        expires=_expiry(given, now),
    )


@lru_cache(maxsize=2048)
def _lasting(line: str, address: Address) -> Cookie | None:
    """The cookie of a line that names no time, so that it means the same whenever it comes; servers repeat them."""
    lowered = line.lower()
    return None if "max-age" in lowered or "expires" in lowered else parse(line, address, 0.0)


def default_path(path: str) -> str:
    """RFC 6265, 5.1.4: the request's path up to its last slash."""
    return path[: path.rfind("/")] or "/"


def _expiry(given: dict[str, str], now: float) -> float | None:
    age = given.get("max-age", "")
    if age.lstrip("-").isdigit():
        return now + int(age) if int(age) > 0 else 0.0
    if "expires" not in given:
        return None
    try:
        moment = parsedate_to_datetime(given["expires"].replace("-", " "))
    except (ValueError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
