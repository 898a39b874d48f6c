"""The HTTP client of one visitor: a browser's connections, cookies, cache, redirects and WebSockets."""

from __future__ import annotations

from functools import lru_cache
from time import monotonic_ns
from typing import TYPE_CHECKING

from entsurge.client import url as urls
from entsurge.client.cache import Cache
from entsurge.client.dialing import Route, dial
from entsurge.client.exchanges import Exchange, Exchanges
from entsurge.client.failure import ClientError
from entsurge.client.greenlet_pool import GreenletPool
from entsurge.client.heads import lines as lines_of
from entsurge.client.http1 import Http1Connection
from entsurge.client.pool import MOST_CONNECTIONS
from entsurge.client.redirects import MOST as MOST_REDIRECTS
from entsurge.client.redirects import next_hop, too_many
from entsurge.client.response import REDIRECTS, Headers
from entsurge.client.tls import Tls
from entsurge.client.upgrade import Upgrade, upgrade
from entsurge.client.websocket import LARGEST_MESSAGE, WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.allow_list import AllowList
    from entsurge.client.cookies import CookieJar
    from entsurge.client.dialing import Dialed
    from entsurge.client.response import Response
    from entsurge.client.url import Origin

__all__ = ["Client", "Exchange"]
FETCHERS = GreenletPool()
"""Those who ask for what belongs to pages, for all visitors of the process."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, 9.2.1


class Client:
    """One visitor's client. `allow` is asked for every new connection, redirects included.

    `source` is the address of this machine to come from; empty leaves it to the system. `returning`: a browser that was
    there before, with the TLS tickets that an earlier one has left (none at first), and which leaves its own.
    `cache` is what it has kept already.
    `on_exchange` hears of each request, `on_connection` of each connection, WebSockets' among them.
    """

    def __init__(
        self,
        *,
        allow: AllowList,
        headers: Mapping[str, str] | None = None,
        tls: Tls | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        on_connection: Callable[[Dialed], None] | None = None,
        source: str = "",
        returning: bool = False,
        cache: Cache | None = None,
    ) -> None:
        self.allow, self.returning = allow, returning
        self.cache = Cache() if cache is None else cache
        self.route = Route(allow, tls or _system_tls(), source, on_connection=on_connection)
        if returning and self.route.tls.left_behind:
            self.route.tickets = self.route.tls.left_behind.popleft()
        fixed = {"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*", **(headers or {})}
        self.exchanges = Exchanges(self.route, fixed, on_exchange)
        self._sockets: list[WebSocket] = []
        self._closed = False

    @property
    def cookies(self) -> CookieJar:
        """The visitor's cookies."""
        return self.exchanges.cookies

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
        return self._one(method, url, headers or {}, body, ends_ns)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float,
        redirects: int = MOST_REDIRECTS,
        on_hop: Callable[[Response], None] | None = None,
    ) -> Response:
        """GET through the cache, redirects followed hop by hop, all within one deadline.

        `on_hop` sees each answer that redirects. Raises a ClientError.
        """
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        return self._follow(self._cached(url, headers or {}, ends_ns), ends_ns, redirects, on_hop)

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
        self, wanted: list[str], *, deadline_seconds: float, headers: Mapping[str, str] | None = None
    ) -> list[Response | ClientError]:
        """GET several in parallel, through the cache, redirects followed; failures stand in the list.

        To an origin that speaks HTTP/2 all at once on one connection, else on at most six.
        """
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        found: dict[str, Response | ClientError] = {}
        missing, turned, own = [], [], headers or {}
        for url in dict.fromkeys(wanted):
            kept = self.cache.fresh(url, self._sent(url, own))
            if kept is None:
                missing.append(url)
            elif kept.status in REDIRECTS:
                turned.append(url)
            else:
                found[url] = kept.from_store(own)
        for together in self._of_http2_origins(missing):
            asked = {url: self._conditional(url, own) for url in together}
            for url, answer in self.exchanges.at_once(asked, ends_ns).items():
                found[url] = self._to_the_end(url, answer, own, ends_ns)
        self._in_turn([url for url in (*missing, *turned) if url not in found], found, own, ends_ns)
        return [found[url] for url in wanted]

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
        lines = self.exchanges.heads.lines + self.cookies.line(address) + lines_of(headers or {})
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
        self.route.on_connection = None  # as with exchanges: no circle
        self.exchanges.close()

    # -- how -------------------------------------------------------------------------------------------------------

    def _of_http2_origins(self, wanted: list[str]) -> list[list[str]]:
        """Those of origins which are known to speak HTTP/2, origin by origin, where there are several of one."""
        if not self.exchanges.speaks_http2:
            return []
        found: dict[Origin, list[str]] = {}
        for url in wanted:
            try:
                origin = urls.split(url).origin
            except ClientError:
                continue
            if self.exchanges.pool(origin).protocol == "2":
                found.setdefault(origin, []).append(url)
        return [together for together in found.values() if len(together) > 1]

    def _in_turn(
        self, wanted: list[str], found: dict[str, Response | ClientError], headers: Mapping[str, str], ends_ns: int
    ) -> None:
        """GET each, six at a time."""
        wanted.reverse()

        def take() -> None:
            while wanted:
                url = wanted.pop()
                found[url] = self._fetch(url, headers, ends_ns)

        if wanted:
            FETCHERS.at_once(take, min(MOST_CONNECTIONS, len(wanted)))

    def _fetch(self, url: str, headers: Mapping[str, str], ends_ns: int) -> Response | ClientError:
        try:
            return self._follow(self._cached(url, headers, ends_ns), ends_ns, MOST_REDIRECTS, None)
        except ClientError as error:
            return error.to_keep()

    def _cached(self, url: str, headers: Mapping[str, str], ends_ns: int) -> Response:
        """The kept answer to a GET while it is fresh; else the server's, or the kept one that it says still holds."""
        kept = self.cache.fresh(url, self._sent(url, headers))
        if kept is not None:
            return kept.from_store(headers)
        return self._kept(url, self.exchanges.one("GET", url, self._conditional(url, headers), None, ends_ns), headers)

    def _kept(self, url: str, answer: Response, headers: Mapping[str, str]) -> Response:
        """An answer to a GET, kept if it may be; the kept one, if the server says that it still holds."""
        answer.request_headers = headers  # what a redirect takes along: no conditions of another address
        return self.cache.take(url, answer, self._sent(url, headers))

    def _conditional(self, url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers of a request that asks whether what is kept has changed."""
        conditions = self.cache.conditions(url, self._sent(url, headers))
        return {**headers, **conditions} if conditions else headers

    def _sent(self, url: str, headers: Mapping[str, str]) -> Callable[[str], str]:
        """What a request would have in a field, for answers that vary on it."""
        return lambda name: self.exchanges.sent(url, headers, name)

    def _to_the_end(
        self, url: str, answer: Response | ClientError, headers: Mapping[str, str], ends_ns: int
    ) -> Response | ClientError:
        """What is shown for a URL in the end, redirects followed, and kept if it may be."""
        if isinstance(answer, ClientError):
            return answer
        try:
            return self._follow(self._kept(url, answer, headers), ends_ns, MOST_REDIRECTS, None)
        except ClientError as error:
            return error.to_keep()

    def _one(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, ends_ns: int) -> Response:
        """One request; one that changes something makes what is kept of its address stale."""
        answer = self.exchanges.one(method, url, headers, body, ends_ns)
        if method not in SAFE:
            self.cache.invalidate(answer)
        return answer

    def _follow(
        self, response: Response, ends_ns: int, redirects: int, on_hop: Callable[[Response], None] | None
    ) -> Response:
        while hop := next_hop(response):
            if redirects <= 0:
                raise too_many(response)
            redirects -= 1
            if on_hop:
                on_hop(response)
            if hop.method == "GET":
                response = self._cached(hop.url, hop.headers, ends_ns)
            else:
                response = self._one(hop.method, hop.url, hop.headers, hop.body, ends_ns)
        return response


@lru_cache(maxsize=1)
def _system_tls() -> Tls:
    """What the system trusts; made once."""
    return Tls()
