"""A browser's cache for one visitor: fresh answers are not asked for again, stale ones are asked for by their ETag.

Each visitor has a cache of its own; only the bodies are shared where they are the same, since memory is not.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.response import Response

LARGEST_BYTES = 8 * 1024 * 1024
_LONGEST_AGE = 2**31  # RFC 9111, 1.2.2
_MAX_AGE = re.compile(r"(?<![\w-])max-age=(\d+)")


@dataclass(slots=True)
class Entry:
    """A kept answer, until when it is fresh (monotonic seconds), and what proves it unchanged."""

    response: Response
    fresh_until: float
    etag: str
    modified: str


class Cache:
    """Kept answers by URL, the least recently used go first; `now` is injected by tests."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0

    def fresh(self, url: str) -> Response | None:
        """The answer, if it need not be asked for."""
        entry = self._kept.get(url)
        return entry.response if entry is not None and entry.fresh_until > self._now() else None

    def conditions(self, url: str) -> dict[str, str]:
        """The header fields that ask whether a kept answer has changed."""
        entry = self._kept.get(url)
        if entry is None:
            return {}
        if entry.etag:
            return {"If-None-Match": entry.etag}
        return {"If-Modified-Since": entry.modified} if entry.modified else {}

    def take(self, url: str, response: Response) -> Response:
        """Keep an answer if it may be kept; for 304 return the kept one, refreshed."""
        if response.status == 304 and url in self._kept:
            entry = self._kept[url]
            entry.fresh_until = self._now() + _age(response)
            return entry.response
        control = response.headers.get("cache-control").lower()
        etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
        age = _age(response)
        if response.status != 200 or "no-store" in control or not (age or etag or modified):
            return response
        self._drop(url)
        response = _shared(url, response)
        self._kept[url] = Entry(response, self._now() + (0 if "no-cache" in control else age), etag, modified)
        self._bytes += response.size
        while self._bytes > LARGEST_BYTES and self._kept:
            self._drop(next(iter(self._kept)))
        return response

    def _drop(self, url: str) -> None:
        entry = self._kept.pop(url, None)
        if entry is not None:
            self._bytes -= entry.response.size


_MOST_SHARED, _LARGEST_SHARED = 512, 128 * 1024
_known: OrderedDict[tuple[str, bytes], Response] = OrderedDict()


def _shared(url: str, response: Response) -> Response:
    """The same answer as another visitor has been given already, if there is one: a thousand visitors, one body."""
    if response.size > _LARGEST_SHARED:
        return response
    identity = (url, response.raw)
    found = _known.get(identity)
    if found is not None:
        _known.move_to_end(identity)
        return found
    _known[identity] = response
    if len(_known) > _MOST_SHARED:
        _known.popitem(last=False)
    return response


def _age(response: Response) -> int:
    found = _MAX_AGE.search(response.headers.get("cache-control").lower())
    return min(int(found[1][:10]), _LONGEST_AGE) if found else 0
