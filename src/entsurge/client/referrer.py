"""What a request says of the page that it is made from: `Referer` and `Origin`, as browsers send them by default.

The policy is strict-origin-when-cross-origin (Referrer Policy, section 3.9, browsers' default since 2021): the whole
address to one's own origin, the origin alone to another, nothing from HTTPS to HTTP. `Origin` stands on what may change
something (Fetch, section 3.3): Django, for one, takes no form over HTTPS without either.
"""

from __future__ import annotations

from functools import lru_cache

from entsurge.client import url as urls
from entsurge.client.failure import ProtocolBroken

_WITHOUT_ORIGIN = frozenset({"GET", "HEAD"})


@lru_cache(maxsize=4096)
def referrer(page: str, url: str) -> str:
    """The value of `Referer` in a request to `url` that is made from `page`; empty for none."""
    try:
        here, there = urls.split(page), urls.split(url)
    except ProtocolBroken:  # an app's own scheme
        return ""
    if here.origin.secure and not there.origin.secure:
        return ""
    if here.origin == there.origin:
        return f"{_scheme(here)}://{here.authority}{here.target.decode('ascii')}"
    return f"{_scheme(here)}://{here.authority}/"


def page_headers(page: str, method: str, url: str) -> dict[str, str]:
    """The header fields that a browser adds to a request which is made from a page; none without a page."""
    if not page:
        return {}
    value = referrer(page, url)
    found = {"Referer": value} if value else {}
    if method not in _WITHOUT_ORIGIN:
        here = urls.split(page)
        found["Origin"] = f"{_scheme(here)}://{here.authority}"
    return found


def _scheme(address: urls.Address) -> str:
    return "https" if address.origin.secure else "http"
