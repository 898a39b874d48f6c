"""Where an answer points, and what is asked there: the one redirect policy, by the Fetch standard (section 4.4).

| status        | method                  | body  |
|---------------|-------------------------|-------|
| 301, 302      | POST becomes GET        | lost with it; other methods keep theirs |
| 303           | GET, unless it was HEAD | lost  |
| 307, 308      | the same                | the same |

On another origin nothing goes on but what any page may send: no `Authorization`, and no token of a header of its own,
though Fetch takes away `Authorization` alone (it would ask the other origin first, by CORS). Conditions
(`If-None-Match`) belong to one address and go nowhere. `Referer` says there what its policy lets it
say of the page that asked. The fragment stays unless the answer names another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from entsurge.client import url as urls
from entsurge.client.failure import ProtocolBroken, TooManyRedirects
from entsurge.client.referrer import referrer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response

MOST = 20  # as Chromium and Firefox have it
_OF_A_BODY = frozenset({"content-type", "content-encoding", "content-language", "content-location", "content-length"})
_ANYWHERE = frozenset(
    {"accept", "accept-language", "content-language", "content-type", "user-agent", "referer", "origin"}
)  # Fetch: safelisted; or of the page that asked
_OF_AN_ADDRESS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"})


class Hop(NamedTuple):
    """The request that a redirect asks for."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def next_hop(answer: Response) -> Hop | None:
    """What to ask next; None when the answer points nowhere. Raises ProtocolBroken for what no browser would follow."""
    pointer = answer.redirects_to
    if not pointer:
        return None
    url = urls.joined(answer.url, pointer)
    if "#" not in url and "#" in answer.url:
        url += answer.url[answer.url.index("#") :]
    becomes_get = (answer.status == 303 and answer.method not in ("GET", "HEAD")) or (
        answer.status in (301, 302) and answer.method == "POST"
    )
    lost = _OF_AN_ADDRESS | _OF_A_BODY | {"origin"} if becomes_get else _OF_AN_ADDRESS
    headers = {name: value for name, value in answer.request_headers.items() if name.lower() not in lost}
    if "Referer" in headers:
        headers["Referer"] = referrer(headers["Referer"], url)
    if not _same_origin(answer.url, url):
        headers = {name: value for name, value in headers.items() if name.lower() in _ANYWHERE}
    if becomes_get:
        return Hop("GET", url, headers, None)
    return Hop(answer.method, url, headers, answer.request_body)


def too_many(answer: Response) -> TooManyRedirects:
    """The error of an answer that still points elsewhere."""
    return TooManyRedirects(f"{answer.url}: still redirected after {MOST} hops")


def _same_origin(one: str, other: str) -> bool:
    try:
        return urls.split(one).origin == urls.split(other).origin
    except ProtocolBroken:  # an app's own scheme
        return False
