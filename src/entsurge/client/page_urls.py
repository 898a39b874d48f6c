"""An address as a page writes it, made absolute as the WHATWG URL standard says.

Unlike RFC 3986: blanks around and line ends inside are dropped, a backslash is a slash, `http:x` is relative to an http
page, `%2e%2e` goes up, and a query is percent-encoded in the page's own charset.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urljoin

from entsurge.client import url as urls
from entsurge.client.failure import ProtocolBroken

_BLANK = "".join(map(chr, range(33)))
_LINE_ENDS = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*+):(.*+)", re.DOTALL)
_UP = re.compile(r"%2e", re.IGNORECASE)
_IN_PATH = "!$%&'()*+,/:;=@[]~"
_IN_QUERY = "!$%&()*+,/:;=?@[]~\\^`{|}"
_LONGEST, _LONGEST_KEPT = 16_384, 512


def resolved(base: str, reference: str, charset: str = "utf-8") -> str | None:
    """The absolute URL without its fragment; None for one that no request is made for.

    These are other schemes than http and https, a fragment alone, addresses with credentials in them (browsers refuse
    them within pages) and what is no address.
    """
    if len(reference) <= _LONGEST_KEPT:
        return _kept(base, reference, charset)
    return _resolved(base, reference, charset) if len(reference) <= _LONGEST else None


@lru_cache(maxsize=4096)
def origin(url: str) -> str:
    """Scheme and authority of an address, as they stand before a path; empty for what is no http address."""
    try:
        return f"{url.partition(':')[0].lower()}://{urls.split(url).authority}"
    except ProtocolBroken:
        return ""


def _resolved(base: str, reference: str, charset: str) -> str | None:
    reference = reference.strip(_BLANK).translate(_LINE_ENDS).partition("#")[0]
    scheme = base.partition(":")[0].lower()
    match = _SCHEME.match(reference)
    if match is not None:
        named, rest = match[1].lower(), match[2].replace("\\", "/", 2)
        if named not in ("http", "https"):
            return None
        absolute = named != scheme or rest.startswith("//")
        rest = rest.lstrip("/") if absolute else rest
        if absolute and not rest:
            return None
        reference = f"{named}://{rest}" if absolute else rest
    if not reference:
        return None
    path, mark, query = reference.partition("?")
    path = _UP.sub(".", path.replace("\\", "/")) if "%2" in path or "\\" in path else path
    try:
        joined = urljoin(base, path + mark + query)
        return _written(joined, charset)
    except (ValueError, ProtocolBroken):
        return None


def _written(url: str, charset: str) -> str | None:
    """As a browser sends it; None where it holds credentials."""
    before, mark, query = url.partition("?")
    scheme, _, rest = before.partition("://")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        return None
    path = quote(path, safe=_IN_PATH) if slash else ""
    query = quote(_encoded(query, charset), safe=_IN_QUERY) if mark else ""
    address = urls.split(f"{scheme}://{authority}/{path}{mark}{query}")
    return f"{scheme}://{address.authority}{address.target.decode('ascii')}"


def _encoded(query: str, charset: str) -> bytes:
    """A query in its page's charset, as forms are; in UTF-8 for UTF-16 and for what Python does not know."""
    if not query.isascii() and not charset.lower().startswith("utf"):
        try:
            return query.encode(charset, "xmlcharrefreplace")
        except LookupError:
            pass
    return query.encode()


_kept = lru_cache(maxsize=8192)(_resolved)
