"""Taking a URL apart once: what a connection and a request line need, remembered.

As browsers do it (WHATWG URL): blanks around it and line ends within are nothing, backslashes are slashes, dot segments
are walked, what may not stand in a request line is percent-encoded, host names are compared and sent in ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from entsurge.client.failure import ProtocolBroken

_URL = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#]*@)?(?P<host>\[[0-9a-f:.%]+\]|[^/?#:@\s\[\]]+)(?::(?P<port>[0-9]*))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_AROUND = "".join(map(chr, range(0x21)))  # C0 control or space
_WITHIN = {ord(each): None for each in "\t\n\r"}
_KEPT_IN_PATH = "!#$%&'()*+,/:;=?@[]~\\"
_KEPT_IN_QUERY = "!$%&()*+,/:;=?@[]~^|{}\\`"
_NO_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DOTS = re.compile(r"/(?:\.|%2e)(?:\.|%2e)?(?=/|$)", re.IGNORECASE)
_SCHEME = re.compile(r"(https?):", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BASE = re.compile(
    r"(?P<origin>(?P<scheme>https?)://[^/?#]*)(?P<path>[^?#]*)(?P<query>(?:\?[^#]*)?)", re.IGNORECASE | re.DOTALL
)
_WELL_KNOWN = {"http": 80, "https": 443}
_LONGEST_HOST, _LONGEST_LABEL = 253, 63
_REMEMBERED = 2048


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


def split(url: str) -> Address:
    """The parts of an http or https URL; credentials and fragment are dropped. Raises ProtocolBroken."""
    return _split(url) if len(url) <= _REMEMBERED else _split.__wrapped__(url)


@lru_cache(maxsize=4096)
def _split(url: str) -> Address:
    match = _URL.fullmatch(url.strip(_AROUND))
    if match is None:
        raise ProtocolBroken(f"not an address a visitor can open: {url[:200]!r}")
    scheme = match["scheme"].lower()
    port = _port(match["port"]) or _WELL_KNOWN[scheme]
    written = _ascii_host(match["host"])
    authority = written if port == _WELL_KNOWN[scheme] else f"{written}:{port}"
    path = _encoded(_walked(match["path"] or "/"), _KEPT_IN_PATH)
    target = (path + _encoded(match["query"] or "", _KEPT_IN_QUERY)).encode("ascii")
    origin = Origin(scheme == "https", written.strip("[]").rstrip("."), port)
    return Address(origin, authority, path, target)


def url_of(origin: Origin) -> str:
    """An origin as a URL, without a path."""
    host, scheme = f"[{origin.host}]" if ":" in origin.host else origin.host, "https" if origin.secure else "http"
    return f"{scheme}://{host}" + ("" if origin.port == _WELL_KNOWN[scheme] else f":{origin.port}")


def joined(base: str, reference: str) -> str:
    """The absolute URL of a link found at `base`, an http or https URL. Raises ProtocolBroken."""
    short = len(base) + len(reference) <= _REMEMBERED
    return _joined(base, reference) if short else _joined.__wrapped__(base, reference)


@lru_cache(maxsize=4096)
def _joined(base: str, reference: str) -> str:
    reference = reference.strip(_AROUND).translate(_WITHIN)
    here = _BASE.match(base)
    scheme = _SCHEME.match(reference)
    if here is None:
        raise ProtocolBroken(f"not an address a visitor can open: {base[:200]!r}")
    if scheme is None and _OTHER_SCHEME.match(reference):
        return reference
    rest, tail = _apart(reference[scheme.end() if scheme is not None else 0 :])
    named = scheme[1] if scheme is not None else here["scheme"]
    if rest.startswith("//") or named.lower() != here["scheme"].lower():
        return f"{named}://{rest.lstrip('/')}{tail}"
    if rest.startswith("/"):
        return f"{here['origin']}{_walked(rest)}{tail}"
    path = here["path"] or "/"
    if rest:
        return f"{here['origin']}{_walked(path[: path.rfind('/') + 1] + rest)}{tail}"
    return f"{here['origin']}{path}{'' if tail.startswith('?') else here['query']}{tail}"


def _apart(reference: str) -> tuple[str, str]:
    """A link's host and path with slashes for its backslashes, and its query and fragment."""
    end = min((at for at in (reference.find("?"), reference.find("#")) if at >= 0), default=len(reference))
    return reference[:end].replace("\\", "/"), reference[end:]


def _port(digits: str | None) -> int:
    """A port, 0 for none that is written."""
    if not digits:
        return 0
    port = int(digits.lstrip("0")[:6] or "0")
    if not 0 < port < 65536:
        raise ProtocolBroken(f"not a port: {digits[:20]}")
    return port


def _walked(path: str) -> str:
    """A path without its dot segments."""
    if _DOTS.search(path) is None:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if dots in (".", "..") and kept else "")


def _ascii_host(host: str) -> str:
    """A host name as it is looked up and sent. Raises ProtocolBroken."""
    if host.startswith("["):
        return host.lower()
    try:
        name = unquote_to_bytes(host).decode() if "%" in host else host
        if len(name) > _LONGEST_HOST or _NO_HOST.search(name):
            raise ProtocolBroken(f"not a host name: {host[:200]!r}")
        name = name.lower() if name.isascii() else name.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ProtocolBroken(f"not a host name: {host[:200]!r}") from error
    labels = name.removesuffix(".").split(".")
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise ProtocolBroken(f"not a host name: {host[:200]!r}")
    return name


def _encoded(text: str, kept: str) -> str:
    """Percent-encodes what browsers do in a path or a query; leaves the rest alone."""
    return quote(_SURROGATES.sub("\ufffd", text), safe=kept)
