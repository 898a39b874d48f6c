"""A browser's cache for one visitor: fresh answers are not asked for again, stale ones only whether they have changed.

Source: RFC 9111 as a private cache keeps it; where it leaves the choice, Chromium's (docs/method.md). Each visitor has
a cache of its own; what is kept is shared where it is the same, since memory is not.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING
from weakref import ref

from entsurge.client.freshness import age_seconds, always_asked, lifetime_seconds, may_be_kept
from entsurge.client.response import Headers, Response, lowered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Sent = Callable[[str], str]
    """The value of a header field, by its lower-case name, as the visitor sends it with a request; empty for none."""
    Field = tuple[bytes, bytes]

LARGEST_BYTES, LARGEST_ENTRY_BYTES = 8 * 1024 * 1024, 4 * 1024 * 1024
_OVERHEAD_BYTES = 1024  # of an entry beside its body
_SAME_FOR_ALL = frozenset(
    ("accept-encoding", "origin", "access-control-request-headers", "access-control-request-method")
)  # fmt: skip
"""What a visitor's GET of a URL has always alike, or what changes no body."""
_TIMES = frozenset((b"age", b"date", b"expires"))
_NOT_KEPT = _TIMES | {b"connection", b"keep-alive", b"set-cookie", b"trailer", b"transfer-encoding", b"upgrade"}
"""Fields of one answer or one connection: in what is shared they would make each visitor's differ from the next's."""
_OF_THE_BODY = frozenset((b"content-encoding", b"content-length", b"content-range", b"content-type"))
"""Fields of a 304 that say nothing of the kept body (RFC 9111 3.2)."""


class Stored:
    """A kept answer as all visitors share it, without its times, and what follows from it alone.

    `conditions` ask whether it has changed, `by_etag` by its ETag alone; `always_asked`: it says that it is not to be
    used without asking.
    """

    __slots__ = ("__weakref__", "_newer", "_news", "always_asked", "by_etag", "conditions", "response")

    def __init__(self, response: Response) -> None:
        headers = response.headers
        etag, modified = headers.get("etag"), headers.get("last-modified")
        self.response, self.always_asked = response, always_asked(headers)
        self.by_etag: Mapping[str, str] = {"If-None-Match": etag} if etag else {}
        self.conditions = {**self.by_etag, "If-Modified-Since": modified} if modified else self.by_etag
        self._news: list[Field] | None = None
        self._newer = ref(self)  # weak: two servers' answers in turn lead to each other

    def updated(self, news: Headers) -> Stored:
        """The same, its fields brought up to date by those of a 304.

        Servers repeat themselves: what came of the last 304 is remembered. Updating took 20 µs of each.
        """
        said = [field for field in news.fields if lowered(field[0]) not in _NOT_KEPT]
        newer = self._newer() if said == self._news else None
        if newer is None:
            newer = _shared(self.response, _updated(self.response.headers.fields, news))
            self._news, self._newer = said, ref(newer)
        return newer


@dataclass(slots=True)
class Entry:
    """What one visitor keeps: the answer, what it said of its time, until when it is fresh, what was sent to get it.

    `fresh_until` is in seconds since 1970.
    """

    stored: Stored
    times: list[Field]
    fresh_until: float
    varied: Mapping[str, str] | None  # None: no request is ever the same (`Vary: *`, or nobody knows what was sent)
    size: int


class Cache:
    """Kept answers to GET by URL, the least recently used go first; `now` (seconds since 1970) is injected by tests.

    `sent` says what a request would have in the fields that an answer varies on; without it such an answer is asked for
    each time, by its ETag. `holding` is what it begins with.
    """

    def __init__(self, now: Callable[[], float] = time, holding: Mapping[str, Entry] | None = None) -> None:
        self._now = now
        self._kept: OrderedDict[str, Entry] = OrderedDict(holding or {})
        self._bytes = sum(entry.size for entry in self._kept.values())

    def entries(self) -> Iterable[tuple[str, Entry]]:
        """What is kept, by URL."""
        return self._kept.items()

    def fresh(self, url: str, sent: Sent | None = None) -> Response | None:
        """The answer, if it need not be asked for."""
        entry = self._kept.get(url)
        if entry is None or entry.fresh_until <= self._now() or not _same(entry, sent):
            return None
        self._kept.move_to_end(url)
        return entry.stored.response

    def conditions(self, url: str, sent: Sent | None = None) -> Mapping[str, str]:
        """The header fields that ask whether a kept answer has changed: by its ETag and by the time of its last change.

        Of an answer to another request (by `Vary`) the time of its last change says nothing, so the ETag alone is sent.
        """
        entry = self._kept.get(url)
        if entry is None:
            return {}
        return entry.stored.conditions if _same(entry, sent) else entry.stored.by_etag

    def take(self, url: str, response: Response, sent: Sent | None = None) -> Response:
        """Keep an answer to a GET if it may be kept; for 304 return the kept one, its header fields brought up to date.

        The kept one has the timing of the 304. An answer that redirects led to is kept for where it came from in the
        end, not for `url`.
        """
        if response.status == 304 and response.url == url:
            entry = self._kept.get(url)
            return response if entry is None else self._renewed(url, entry, response, sent).asked_again(response)
        self._drop(response.url)
        small = response.method == "GET" and response.size <= LARGEST_ENTRY_BYTES
        if small and may_be_kept(response.status, response.headers):
            self._keep(response.url, _shared(response, response.headers.fields), response, response.headers, sent)
        return response

    def invalidate(self, response: Response) -> None:
        """Forget what an unsafe request has changed: its own address (RFC 9111 4.4), unless it failed."""
        if response.status < 400:
            self._drop(response.url)

    def _renewed(self, url: str, entry: Entry, answer: Response, sent: Sent | None) -> Response:
        """What is kept, brought up to date by a 304."""
        stored = entry.stored.updated(answer.headers)
        if stored is entry.stored and stored.always_asked and entry.varied == {}:  # the time makes no difference
            self._kept.move_to_end(url)
        else:
            fields = _updated([*entry.stored.response.headers.fields, *entry.times], answer.headers)
            self._keep(url, stored, answer, Headers(fields), sent)
        return stored.response

    def _keep(self, url: str, stored: Stored, answer: Response, headers: Headers, sent: Sent | None) -> None:
        """Keep what has just been confirmed by this answer; `headers` are those of both, times included."""
        self._drop(url)
        now = self._now()
        lifetime = lifetime_seconds(stored.response.status, headers, now)
        until = now + lifetime - age_seconds(headers, now, answer.timing.total_us / 1e6)
        times = [field for field in headers.fields if lowered(field[0]) in _TIMES]
        size = stored.response.size + _OVERHEAD_BYTES
        self._kept[url] = Entry(stored, times, until, _varied(headers, sent), size)
        self._bytes += size
        while self._bytes > LARGEST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        entry = self._kept.pop(url, None)
        if entry is not None:
            self._bytes -= entry.size


def _updated(kept: Iterable[Field], news: Headers) -> list[Field]:
    """The kept fields, those that a 304 names replaced by its own."""
    fresh = [field for field in news.fields if lowered(field[0]) not in _OF_THE_BODY]
    named = {lowered(name) for name, _ in fresh}
    return [field for field in kept if lowered(field[0]) not in named] + fresh


def _varied(headers: Headers, sent: Sent | None) -> Mapping[str, str] | None:
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
_known: OrderedDict[tuple[str, int, bytes, tuple[Field, ...]], Stored] = OrderedDict()


def _shared(response: Response, fields: Iterable[Field]) -> Stored:
    """What is kept of an answer, the same object as another visitor keeps already: a thousand visitors, one body."""
    kept = tuple(field for field in fields if lowered(field[0]) not in _NOT_KEPT)
    identity = (response.url, response.status, response.raw, kept)
    found = _known.get(identity) if response.size <= _LARGEST_SHARED else None
    if found is not None:
        _known.move_to_end(identity)
        return found
    stored = Stored(Response("GET", response.url, response.status, Headers(list(kept)), response.raw))
    if response.size <= _LARGEST_SHARED:
        _known[identity] = stored
        if len(_known) > _MOST_SHARED:
            _known.popitem(last=False)
    return stored
