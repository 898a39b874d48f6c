"""What browsers still have of an earlier visit: the public files of a site, shared by all visits of one kind.

Only what is the same for everybody crosses from one visit to the next: no page, no data, nothing that is private or
that depends on who asks. None at first: the first visits of a run find it empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.cache import LARGEST_BYTES, Cache

if TYPE_CHECKING:
    from entsurge.client.cache import Entry

MOST = 512
_NOT_FILES = ("text/html", "application/xhtml+xml", "application/json", "application/vnd.api+json", "text/plain")


class PublicFiles:
    """The files that visits have left, at most so many and as much as a cache holds; the first to come are kept.

    Of a file that is known, the answer that stays fresh the longest.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Entry] = {}
        self._bytes = 0

    def learn(self, cache: Cache) -> None:
        """Take over what a visit that ends has kept and anybody may have."""
        for url, entry in cache.entries():
            if not _is_public(entry):
                continue
            known = self._kept.get(url)
            newer = len(self._kept) < MOST if known is None else entry.fresh_until > known.fresh_until
            size = self._bytes + entry.size - (known.size if known else 0)
            if newer and size <= LARGEST_BYTES:
                self._kept[url], self._bytes = entry, size

    def cache(self) -> Cache:
        """The cache of a visit that begins with them."""
        return Cache(holding=self._kept)


def _is_public(entry: Entry) -> bool:
    headers = entry.stored.response.headers
    kind = headers.get("content-type").partition(";")[0].strip().lower()
    return entry.varied == {} and "private" not in headers.get("cache-control").lower() and kind not in _NOT_FILES
