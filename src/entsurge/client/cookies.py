"""A visitor's cookies as browsers keep them (RFC 6265bis): domain, path, secure, expiry, prefixes, sizes.

Not kept: what a server may not set. Loopback counts as secure, as in Chromium and Firefox: a `Secure` cookie is kept
and sent on http://localhost and http://127.0.0.1. Which suffixes are public is not looked up.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from entsurge.client.http_date import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.url import Address, Origin

MOST = 300
MOST_LINES = 64
LARGEST_BYTES = 4096  # name and value together
LARGEST_ATTRIBUTE_BYTES = 1024
LONGEST_SECONDS = 400 * 86400
_REMEMBERED_BYTES = 4096
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AGE = re.compile(r"[+-]?\d+", re.ASCII)
_BLANKS = " \t"
_LONG_PAST = 0.0


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
            cookie = _lasting(line, address) if len(line) < _REMEMBERED_BYTES else None
            cookie = cookie or parse(line, address, self._now())
            if cookie is not None:
                self._keep(cookie, trusted=is_trusted(address.origin))

    def _keep(self, cookie: Cookie, *, trusted: bool) -> None:
        key = (cookie.name, cookie.domain, cookie.path)
        if self._kept.get(key) == cookie or (not trusted and self._covers_secure(cookie)):
            return
        self._lines.clear()
        if cookie.expires is not None and cookie.expires <= self._now():
            self._kept.pop(key, None)
            return
        if key not in self._kept and len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = cookie
        self._expires |= cookie.expires is not None

    def _covers_secure(self, cookie: Cookie) -> bool:
        """RFC 6265bis, 5.7 (16): what came without TLS never stands before a cookie that is secure."""
        return any(
            each.secure
            and each.name == cookie.name
            and (domain_matches(each.domain, cookie.domain) or domain_matches(cookie.domain, each.domain))
            and path_matches(cookie.path, each.path)
            for each in self._kept.values()
        )

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
        now, origin, secure = self._now(), address.origin, is_trusted(address.origin)
        fitting = [each for each in self._kept.values() if each.fits(origin.host, address.path, secure=secure, now=now)]
        fitting.sort(key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" if each.name else each.value for each in fitting)


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


@lru_cache(maxsize=1024)
def is_trusted(origin: Origin) -> bool:
    """Whether secure cookies go to and come from here: over TLS, or without leaving this machine."""
    if origin.secure or origin.host == "localhost" or origin.host.endswith(".localhost"):
        return True
    return _is_address(origin.host) and ip_address(origin.host).is_loopback


def parse(line: str, address: Address, now: float) -> Cookie | None:
    """The cookie that a Set-Cookie line sets at this address; None when it sets none (RFC 6265bis, 5.6 and 5.7)."""
    pair, *attributes = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(_BLANKS), value.strip(_BLANKS)
    if _is_none(line, name, value):
        return None
    given = _given(attributes)
    host = address.origin.host
    domain = given.get("domain", "").lower().removeprefix(".")
    if domain and (not domain_matches(host, domain) or ("." not in domain and domain != host)):
        return None
    path = given.get("path", "")
    if not _may_be_set(name, given, trusted=is_trusted(address.origin), host_only=not domain):
        return None
    return Cookie(
        name=name,
        value=value,
        domain=domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else default_path(address.path),
        secure="secure" in given,
        expires=_expiry(given, now),
    )


def _is_none(line: str, name: str, value: str) -> bool:
    """Whether a line sets nothing whatever its attributes: empty, oversized, with control characters, disguised."""
    return (
        not (name or value)
        or len(name) + len(value) > LARGEST_BYTES
        or _CONTROL.search(line) is not None
        or "\t" in name + value
        or (not name and ("=" in value or value.lower().startswith(_PREFIXES)))
    )


def _given(attributes: list[str]) -> dict[str, str]:
    """The attributes of a line by their names in lower case: the last of each, without those that are too long."""
    given = {}
    for attribute in attributes:
        key, _, argument = attribute.partition("=")
        argument = argument.strip(_BLANKS)
        if len(argument) <= LARGEST_ATTRIBUTE_BYTES:
            given[key.strip(_BLANKS).lower()] = argument
    return given


_PREFIXES = ("__secure-", "__host-", "__http-")


def _may_be_set(name: str, given: dict[str, str], *, trusted: bool, host_only: bool) -> bool:
    """Whether a cookie keeps what its attributes and the prefix of its name promise."""
    secure, lowered = "secure" in given, name.lower()
    if secure and not trusted:
        return False
    if not secure and (given.get("samesite", "").lower() == "none" or "partitioned" in given):
        return False  # browsers keep what other sites may see only when it is secure
    if lowered.startswith(_PREFIXES) and not secure:
        return False
    if lowered.startswith(("__http-", "__host-http-")) and "httponly" not in given:
        return False
    return not lowered.startswith("__host-") or (host_only and given.get("path") == "/")


@lru_cache(maxsize=2048)
def _lasting(line: str, address: Address) -> Cookie | None:
    """The cookie of a line that names no time, so that it means the same whenever it comes; servers repeat them."""
    lowered = line.lower()
    return None if "max-age" in lowered or "expires" in lowered else parse(line, address, 0.0)


def default_path(path: str) -> str:
    """RFC 6265, 5.1.4: the request's path up to its last slash."""
    return path[: path.rfind("/")] or "/"


def _expiry(given: dict[str, str], now: float) -> float | None:
    """When a cookie ends; at most 400 days from now. An impossible Max-Age counts as none, an impossible date too."""
    age = given.get("max-age", "")
    if _AGE.fullmatch(age):
        seconds = min(int(age), LONGEST_SECONDS)
        return now + seconds if seconds > 0 else _LONG_PAST
    moment = seconds_of(given["expires"]) if "expires" in given else None
    return None if moment is None else min(moment, now + LONGEST_SECONDS)
