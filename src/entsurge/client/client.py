"""The HTTP client of one visitor: a browser's connections, cookies and cache, on gevent sockets."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from time import monotonic_ns
from typing import TYPE_CHECKING, NamedTuple

import gevent

from entsurge.client import url as urls
from entsurge.client.answered import Answered
from entsurge.client.cache import Cache
from entsurge.client.cookies import CookieJar
from entsurge.client.dialing import Route, dial
from entsurge.client.failure import ClientError, ConnectionLost
from entsurge.client.heads import Heads
from entsurge.client.heads import lines as lines_of
from entsurge.client.http1 import Http1Connection
from entsurge.client.http2 import Http2Connection
from entsurge.client.pool import MOST_CONNECTIONS, Pool
from entsurge.client.redirects import MOST as MOST_REDIRECTS
from entsurge.client.redirects import next_hop, too_many
from entsurge.client.response import Headers, Response, Timing
from entsurge.client.tls import Tls
from entsurge.client.upgrade import Upgrade, upgrade
from entsurge.client.websocket import LARGEST_MESSAGE, WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.allow_list import AllowList
    from entsurge.client.http2 import Stream
    from entsurge.client.url import Address, Origin

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_REPEATS = 2


class Exchange(NamedTuple):
    """One request and what came of it; `status` 0 and a `reason` when nothing usable came.

    `protocol` is "1.1" or "2", empty where none was reached. `connection` says whether one was made for it: empty when
    it was kept from before, else `plain`, `full` (a whole TLS handshake) or `resumed`.
    """

    method: str
    url: str
    status: int
    reason: str
    timing: Timing
    protocol: str = ""
    connection: str = ""


class Client:
    """One visitor's client. `allow` is asked for every new connection, redirects included.

    `source` is the address of this machine to come from; empty leaves it to the system. `returning`: a browser that was
    there before, with the TLS tickets that an earlier one has left (none at first), and which leaves its own.
    """

    def __init__(
        self,
        *,
        allow: AllowList,
        headers: Mapping[str, str] | None = None,
        tls: Tls | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        source: str = "",
        returning: bool = False,
    ) -> None:
        self.allow, self.on_exchange, self.returning = allow, on_exchange, returning
        self.route = Route(allow, tls or _system_tls(), source)
        if returning and self.route.tls.left_behind:
            self.route.tickets = self.route.tls.left_behind.popleft()
        self.cookies, self.cache = CookieJar(), Cache()
        self.heads = Heads({"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*", **(headers or {})})
        self._pools: dict[Origin, Pool] = {}
        self._sockets: list[WebSocket] = []
        self._closed = False

    # -- requests --------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline_seconds: float,
    ) -> Response:
        """One request, redirects not followed, within one total deadline. Raises a ClientError."""
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        return self._request(method, url, headers or {}, body, ends_ns)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float,
        redirects: int = MOST_REDIRECTS,
        on_hop: Callable[[Response], None] | None = None,
    ) -> Response:
        """GET, redirects followed hop by hop, all within one deadline; `on_hop` sees each answer that redirects."""
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        first = self._request("GET", url, headers or {}, None, ends_ns)
        return self._follow(first, ends_ns, redirects, on_hop)

    def follow(
        self,
        response: Response,
        *,
        deadline_seconds: float,
        redirects: int = MOST_REDIRECTS,
        on_hop: Callable[[Response], None] | None = None,
    ) -> Response:
        """Go where an answer points, until an answer points nowhere."""
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        return self._follow(response, ends_ns, redirects, on_hop)

    def fetch_many(
        self, urls: list[str], *, deadline_seconds: float, headers: Mapping[str, str] | None = None
    ) -> list[Response | ClientError]:
        """GET several in parallel, through the cache; failures stand in the list.

        To an origin that speaks HTTP/2 all at once on one connection, else on at most six.
        """
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        found: dict[str, Response | ClientError] = {}
        wanted = []
        for url in dict.fromkeys(urls):
            kept = self.cache.fresh(url)
            if kept is None:
                wanted.append(url)
            else:
                found[url] = replace(kept, from_cache=True)
        for pool, together in self._by_http2(wanted).items():
            if len(together) > 1:
                found.update(self._at_once(pool, together, headers or {}, ends_ns))
        self._in_turn([url for url in wanted if url not in found], found, headers or {}, ends_ns)
        return [found[url] for url in urls]

    def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        compressed: bool = False,
        largest: int = LARGEST_MESSAGE,
        deadline_seconds: float,
    ) -> WebSocket:
        """An open WebSocket (http, https, ws or wss) within one total deadline. Raises a ClientError.

        It lasts until it is closed, or this client is.
        """
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        address = urls.split(f"http{url[2:]}" if url[:2].lower() == "ws" else url)
        lines = self.heads.lines + self.cookies.line(address) + lines_of(headers or {})
        fields = [(name, value) for name, _, value in (line.partition(b": ") for line in lines.splitlines())]
        dialed = dial(address.origin, self.route, ends_ns, http1=True)
        connection = Http1Connection(address.origin, dialed)
        asked = Upgrade(url, address.authority, address.target, fields, compressed, largest)
        opened = upgrade(connection, asked, ends_ns)
        self.cookies.take(address, Headers(opened.fields).get_all("set-cookie"))
        self._sockets = [*(each for each in self._sockets if each.open), opened]
        return opened

    def close(self) -> None:
        """Close every connection and WebSocket."""
        if self.returning and not self._closed:
            self.route.tls.left_behind.append(self.route.tickets.settled())
        self._closed = True
        for socket in self._sockets:
            socket.abort()
        self.on_exchange = None  # whoever listens holds this client: no circle may keep both
        for pool in self._pools.values():
            pool.close()

    # -- several -----------------------------------------------------------------------------------------------------

    def _by_http2(self, wanted: list[str]) -> dict[Pool, list[str]]:
        """Those that go to origins which are known to speak HTTP/2, by origin."""
        found: dict[Pool, list[str]] = {}
        if any(pool.protocol == "2" for pool in self._pools.values()):
            for url in wanted:
                pool = self._pools.get(urls.split(url).origin)
                if pool is not None and pool.protocol == "2":
                    found.setdefault(pool, []).append(url)
        return found

    def _at_once(
        self, pool: Pool, wanted: list[str], headers: Mapping[str, str], ends_ns: int
    ) -> dict[str, Response | ClientError]:
        """Several of one origin in HTTP/2; what was not processed, or leads elsewhere, is left to others."""
        started = monotonic_ns()
        try:
            connection, dialed = pool.take(ends_ns)
        except ClientError:
            return {}
        if not isinstance(connection, Http2Connection):
            pool.give_back(connection)
            return {}
        asked, sent = [], []
        for url in wanted:
            address, of = urls.split(url), {**headers, **self.cache.conditions(url)}
            sent.append(of)
            asked.append(self.heads.http2("GET", address, self.cookies.line(address), of, None))
        found: dict[str, Response | ClientError] = {}
        for url, of, stream in zip(wanted, sent, connection.ask(asked, ends_ns), strict=True):
            if stream.error is not None and _may_be_repeated("GET", stream.error, kept=dialed is None):
                continue
            found[url] = self._of_stream(url, of, stream, Answered.of_stream(stream, dialed), started, ends_ns)
            dialed = None
        return found

    def _of_stream(
        self, url: str, headers: Mapping[str, str], stream: Stream, answered: Answered, started: int, ends_ns: int
    ) -> Response | ClientError:
        if stream.error is not None:
            self._tell(Exchange("GET", url, 0, stream.error.reason, Timing(total_us=answered.since(started)), "2"))
            return stream.error
        try:
            answer = self._follow(
                self._taken("GET", url, headers, None, answered, started), ends_ns, MOST_REDIRECTS, None
            )
        except ClientError as error:
            return error
        return self.cache.take(url, answer)

    def _in_turn(
        self, wanted: list[str], found: dict[str, Response | ClientError], headers: Mapping[str, str], ends_ns: int
    ) -> None:
        """GET each, six at a time."""
        wanted.reverse()

        def take() -> None:
            while wanted:
                url = wanted.pop()
                found[url] = self._fetch(url, headers, ends_ns)

        others = [gevent.spawn(take) for _ in range(min(MOST_CONNECTIONS, len(wanted)) - 1)]
        try:
            take()
            gevent.joinall(others)
        finally:
            gevent.killall(others)

    def _fetch(self, url: str, headers: Mapping[str, str], ends_ns: int) -> Response | ClientError:
        try:
            answer = self._request("GET", url, {**headers, **self.cache.conditions(url)}, None, ends_ns)
            answer = self._follow(answer, ends_ns, MOST_REDIRECTS, None)
        except ClientError as error:
            return error
        return self.cache.take(url, answer)

    # -- one -----------------------------------------------------------------------------------------------------------

    def _follow(
        self, response: Response, ends_ns: int, redirects: int, on_hop: Callable[[Response], None] | None
    ) -> Response:
        while hop := next_hop(response):
            if redirects <= 0:
                raise too_many(response)
            redirects -= 1
            if on_hop:
                on_hop(response)
            response = self._request(hop.method, hop.url, hop.headers, hop.body, ends_ns)
        return response

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, ends_ns: int) -> Response:
        started = monotonic_ns()
        address = urls.split(url)
        try:
            answered = self._answered(method, address, headers, body, ends_ns)
        except ClientError as error:
            self._tell(Exchange(method, url, 0, error.reason, Timing(total_us=(monotonic_ns() - started) // 1000)))
            raise
        return self._taken(method, url, headers, body, answered, started)

    def _answered(
        self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None, ends_ns: int
    ) -> Answered:
        """The answer; what a server has not touched, or not processed, is asked again on another connection."""
        pool, cookies, tries = self._pool(address.origin), self.cookies.line(address), 0
        while True:
            connection, dialed = pool.take(ends_ns, certain=method not in IDEMPOTENT, new=tries > 0)
            tries += 1
            try:
                if isinstance(connection, Http1Connection):
                    connection.exchange(method, self.heads.http1(method, address, cookies, headers, body), ends_ns)
                    answered = Answered.of_http1(connection, dialed)
                    pool.give_back(connection)
                    return answered
                asked = self.heads.http2(method, address, cookies, headers, body)
                (stream,) = connection.ask([asked], ends_ns)
                if stream.error is None:
                    return Answered.of_stream(stream, dialed)
                raise stream.error
            except ConnectionLost as error:
                if tries > MOST_REPEATS or not _may_be_repeated(method, error, kept=dialed is None):
                    raise

    def _taken(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, answered: Answered, started: int
    ) -> Response:
        """The response, its cookies kept, its exchange told."""
        response = answered.response(method, url, headers, body, started)
        lines = response.headers.get_all("set-cookie")
        if lines:
            self.cookies.take(urls.split(url), lines)
        if self.on_exchange:
            self.on_exchange(
                Exchange(method, url, response.status, "", response.timing, answered.protocol, answered.connection)
            )
        return response

    def _pool(self, origin: Origin) -> Pool:
        found = self._pools.get(origin)
        if found is None:
            found = self._pools[origin] = Pool(origin, self.route)
        return found

    def _tell(self, exchange: Exchange) -> None:
        if self.on_exchange:
            self.on_exchange(exchange)


def _may_be_repeated(method: str, error: ClientError, *, kept: bool) -> bool:
    """Whether a request that failed so may be made again: nobody has worked on it, or nobody can tell."""
    if not isinstance(error, ConnectionLost):
        return False
    return error.unprocessed or (kept and error.untouched and method in IDEMPOTENT)


@lru_cache(maxsize=1)
def _system_tls() -> Tls:
    """What the system trusts; made once."""
    return Tls()
