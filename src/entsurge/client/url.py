"""Taking a URL apart once: what a connection and a request line need, remembered."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urljoin

from entsurge.client.failure import ProtocolBroken

_URL = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>\[[0-9a-f:.%]+\]|[^/?#:@\s\[\]]+)(?::(?P<port>\d{0,5}))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_KEPT_AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~^|{}\\`\"<>"
_WELL_KNOWN = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What connections are kept by."""

    secure: bool
    host: str
    port: int


class Address(NamedTuple):
    """A URL taken apart; `target` is what stands in the request line, `authority` in the Host header."""

    origin: Origin
    authority: str
    path: str
    target: bytes


@lru_cache(maxsize=4096)
def split(url: str) -> Address:
    """The parts of an http or https URL; credentials and fragment are dropped. Raises ProtocolBroken."""
    match = _URL.fullmatch(url.strip())
    if match is None:
        raise ProtocolBroken(f"not an address a visitor can open: {url[:200]!r}")
    scheme = match["scheme"].lower()
    port = int(match["port"] or _WELL_KNOWN[scheme])
    if not 0 < port < 65536:
        raise ProtocolBroken(f"not a port: {port}")
    written = _ascii_host(match["host"].lower())
    authority = written if port == _WELL_KNOWN[scheme] else f"{written}:{port}"
    path = _encoded(match["path"] or "/")
    target = (path + _encoded(match["query"] or "")).encode("ascii")
    origin = Origin(scheme == "https", written.strip("[]").rstrip("."), port)
    return Address(origin, authority, path, target)


def joined(base: str, reference: str) -> str:
    """The absolute URL of a link found at `base`. Raises ProtocolBroken."""
    try:
        return urljoin(base, reference.strip())
    except ValueError as error:
        raise ProtocolBroken(f"not a link: {reference[:200]!r}") from error


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ProtocolBroken(f"not a host name: {host[:200]!r}") from error


def _encoded(text: str) -> str:
    """Percent-encodes spaces, control and non-ASCII characters, as browsers do; leaves the rest alone."""
    return quote(text, safe=_KEPT_AS_THEY_ARE)
