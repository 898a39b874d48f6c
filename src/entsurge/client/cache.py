"""A browser's cache for one visitor: fresh answers are not asked for again, stale ones only whether they have changed.

Source: RFC 9111 as a private cache keeps it; where it leaves the choice, Chromium's (docs/method.md). Each visitor has
a cache of its own; what is kept is shared where it is the same, since memory is not.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from time import time
from typing import TYPE_CHECKING

from entsurge.client.freshness import age_seconds, lifetime_seconds, may_be_kept
from entsurge.client.response import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Sent = Callable[[str], str]
    """The value of a header field, by its lower-case name, as the visitor sends it with a request; empty for none."""
    Field = tuple[str, str]

LARGEST_BYTES, LARGEST_ENTRY_BYTES = 8 * 1024 * 1024, 4 * 1024 * 1024
_OVERHEAD_BYTES = 1024  # of an entry beside its body
_SAME_FOR_ALL = frozenset(
    ("accept-encoding", "origin", "access-control-request-headers", "access-control-request-method")
)  # fmt: skip
"""What a visitor's GET of a URL has always alike, or what changes no body."""
_TIMES = ("age", "date", "expires")
_NOT_KEPT = frozenset(
    (*_TIMES, "connection", "keep-alive", "set-cookie", "trailer", "transfer-encoding",
     "upgrade")
)  # fmt: skip
"""Fields of one answer or one connection: in what is shared they would make each visitor's differ from the next's."""
_OF_THE_BODY = frozenset(("content-encoding", "content-length", "content-range", "content-type"))
"""Fields of a 304 that say nothing of the kept body (RFC 9111 3.2)."""


@dataclass(slots=True)
class Entry:
    """A kept answer, what it said of its time, until when it is fresh (seconds since 1970), what was sent to get it."""

    response: Response
    times: list[Field]
    fresh_until: float
    varied: dict[str, str] | None  # None: no request is ever the same (`Vary: *`, or nobody knows what was sent)
    size: int


class Cache:
    """Kept answers to GET by URL, the least recently used go first; `now` (seconds since 1970) is injected by tests.

    `sent` says what a request would have in the fields that an answer varies on; without it such an answer is asked for
    each time, by its ETag.
    """

    def __init__(self, now: Callable[[], float] = time) -> None:
        self._now = now
        self._kept: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0

    def fresh(self, url: str, sent: Sent | None = None) -> Response | None:
        """The answer, if it need not be asked for."""
        entry = self._kept.get(url)
        if entry is None or entry.fresh_until <= self._now() or not _same(entry, sent):
            return None
        self._kept.move_to_end(url)
        return entry.response

    def conditions(self, url: str, sent: Sent | None = None) -> dict[str, str]:
        """The header fields that ask whether a kept answer has changed: by its ETag and by the time of its last change.

        Of an answer to another request (by `Vary`) the time of its last change says nothing, so the ETag alone is sent.
        """
        entry = self._kept.get(url)
        if entry is None:
            return {}
        headers = entry.response.headers
        etag, modified = headers.get("etag"), headers.get("last-modified")
        found = {"If-None-Match": etag} if etag else {}
        if modified and _same(entry, sent):
            found["If-Modified-Since"] = modified
        return found

    def take(self, url: str, response: Response, sent: Sent | None = None) -> Response:
        """Keep an answer to a GET if it may be kept; for 304 return the kept one, its header fields brought up to date.

        The kept one has the timing of the 304. An answer that redirects led to is kept for where it came from in the
        end, not for `url`.
        """
        if response.status == 304 and response.url == url:
            entry = self._kept.get(url)
            if entry is None:
                return response
            kept = self._keep(url, entry.response, _updated(entry, response.headers), response, sent)
            return replace(kept, timing=response.timing, reused=response.reused)
        self._drop(response.url)
        small = response.method == "GET" and response.size <= LARGEST_ENTRY_BYTES
        if small and may_be_kept(response.status, response.headers):
            self._keep(response.url, response, response.headers, response, sent)
        return response

    def invalidate(self, response: Response) -> None:
        """Forget what an unsafe request has changed: its own address (RFC 9111 4.4), unless it failed."""
        if response.status < 400:
            self._drop(response.url)

    def _keep(self, url: str, kept: Response, headers: Headers, answer: Response, sent: Sent | None) -> Response:
        self._drop(url)
        now = self._now()
        lifetime = lifetime_seconds(kept.status, headers, now)
        until = now + lifetime - age_seconds(headers, now, answer.timing.total_us / 1e6)
        stored = _shared(kept, tuple(field for field in headers.items() if field[0].lower() not in _NOT_KEPT))
        times = [field for field in headers.items() if field[0].lower() in _TIMES]
        self._kept[url] = Entry(stored, times, until, _varied(headers, sent), stored.size + _OVERHEAD_BYTES)
        self._bytes += stored.size + _OVERHEAD_BYTES
        while self._bytes > LARGEST_BYTES:
            self._drop(next(iter(self._kept)))
        return stored

    def _drop(self, url: str) -> None:
        entry = self._kept.pop(url, None)
        if entry is not None:
            self._bytes -= entry.size


def _updated(entry: Entry, news: Headers) -> Headers:
    """The kept fields, those that a 304 names replaced by its own."""
    fresh = [field for field in news.items() if field[0].lower() not in _OF_THE_BODY]
    named, kept = {name.lower() for name, _ in fresh}, (*entry.response.headers.items(), *entry.times)
    return _headers([field for field in kept if field[0].lower() not in named] + fresh)


def _headers(fields: Iterable[Field]) -> Headers:
    return Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields])


def _varied(headers: Headers, sent: Sent | None) -> dict[str, str] | None:
    """What a request has in the fields that its answer varies on; None where no other can be known to be the same."""
    named = {name.strip().lower() for line in headers.get_all("vary") for name in line.split(",")}
    named -= _SAME_FOR_ALL | {""}
    if not named:
        return {}
    return None if sent is None or "*" in named else {name: sent(name) for name in named}


def _same(entry: Entry, sent: Sent | None) -> bool:
    """Whether a request now would be the one that was answered, in all that the answer varies on."""
    if not entry.varied:
        return entry.varied is not None
    return sent is not None and all(sent(name) == value for name, value in entry.varied.items())


_MOST_SHARED, _LARGEST_SHARED = 512, 128 * 1024
_known: OrderedDict[tuple[str, int, bytes, tuple[Field, ...]], Response] = OrderedDict()


def _shared(response: Response, fields: tuple[Field, ...]) -> Response:
    """What is kept of an answer, the same object as another visitor keeps already: a thousand visitors, one body."""
    identity = (response.url, response.status, response.raw, fields)
    found = _known.get(identity) if response.size <= _LARGEST_SHARED else None
    if found is not None:
        _known.move_to_end(identity)
        return found
    stored = Response("GET", response.url, response.status, _headers(fields), response.raw)
    if response.size <= _LARGEST_SHARED:
        _known[identity] = stored
        if len(_known) > _MOST_SHARED:
            _known.popitem(last=False)
    return stored
