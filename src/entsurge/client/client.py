"""The HTTP client of one visitor: a browser's connections, cookies and cache, on gevent sockets."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from time import monotonic_ns
from typing import TYPE_CHECKING, NamedTuple

import gevent

from entsurge.client import url as urls
from entsurge.client.cache import Cache
from entsurge.client.cookies import CookieJar
from entsurge.client.dialing import Route, dial
from entsurge.client.failure import ClientError, ConnectionLost
from entsurge.client.http1 import Http1Connection
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
    from entsurge.client.dialing import Dialed
    from entsurge.client.url import Address, Origin

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})


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

    `source` is the address of this machine to come from; empty leaves it to the system.
    """

    def __init__(
        self,
        *,
        allow: AllowList,
        headers: Mapping[str, str] | None = None,
        tls: Tls | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        source: str = "",
    ) -> None:
        self.allow, self.on_exchange = allow, on_exchange
        self.route = Route(allow, tls or _system_tls(), source)
        self.cookies, self.cache = CookieJar(), Cache()
        self.fixed = _lines({"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*", **(headers or {})})
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
        """GET several in parallel, through the cache, on at most six connections; failures stand in the list."""
        ends_ns = monotonic_ns() + int(deadline_seconds * 1e9)
        found: dict[str, Response | ClientError] = {}
        wanted = []
        for url in dict.fromkeys(urls):
            kept = self.cache.fresh(url)
            if kept is None:
                wanted.append(url)
            else:
                found[url] = replace(kept, from_cache=True)
        wanted.reverse()

        def take() -> None:
            while wanted:
                url = wanted.pop()
                found[url] = self._fetch(url, headers or {}, ends_ns)

        others = [gevent.spawn(take) for _ in range(min(MOST_CONNECTIONS, len(wanted)) - 1)]
        try:
            take()
            gevent.joinall(others)
        finally:
            gevent.killall(others)
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
        lines = self.fixed + self.cookies.line(address) + _lines(headers or {})
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
        self._closed = True
        for socket in self._sockets:
            socket.abort()
        self.on_exchange = None  # whoever listens holds this client: no circle may keep both
        for pool in self._pools.values():
            pool.close()

    # -- how -------------------------------------------------------------------------------------------------------

    def _fetch(self, url: str, headers: Mapping[str, str], ends_ns: int) -> Response | ClientError:
        try:
            answer = self._request("GET", url, {**headers, **self.cache.conditions(url)}, None, ends_ns)
            answer = self._follow(answer, ends_ns, MOST_REDIRECTS, None)
        except ClientError as error:
            return error
        return self.cache.take(url, answer)

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
        pool = self._pool(address.origin)
        try:
            connection, dialed = self._exchanged(pool, method, self._head(method, address, headers, body), ends_ns)
        except ClientError as error:
            self._tell(Exchange(method, url, 0, error.reason, Timing(total_us=(monotonic_ns() - started) // 1000)))
            raise
        response = self._response(method, url, connection, dialed, started)
        response.request_body, response.request_headers = body, headers
        lines = response.headers.get_all("set-cookie")
        if lines:
            self.cookies.take(address, lines)
        pool.give_back(connection)
        self._tell(Exchange(method, url, response.status, "", response.timing, "1.1", _how(dialed)))
        return response

    def _exchanged(self, pool: Pool, method: str, head: bytes, ends_ns: int) -> tuple[Http1Connection, Dialed | None]:
        """A connection that has taken in the answer; a kept one that turns out stale is replaced once."""
        kept = pool.kept(certain=method not in IDEMPOTENT)
        if kept is not None:
            try:
                kept.exchange(method, head, ends_ns)
            except ConnectionLost:
                if method not in IDEMPOTENT or kept.any_byte:
                    raise
            else:
                return kept, None
        connection, dialed = pool.made(ends_ns)
        connection.exchange(method, head, ends_ns)
        return connection, dialed

    def _pool(self, origin: Origin) -> Pool:
        found = self._pools.get(origin)
        if found is None:
            found = self._pools[origin] = Pool(origin, self.route)
        return found

    def _head(self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None) -> bytes:
        head = _opening(method, address, self.fixed) + self.cookies.line(address)
        if headers:
            head += _lines(headers)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body or b""), body or b"")
        return head + b"\r\n"

    def _response(
        self, method: str, url: str, connection: Http1Connection, dialed: Dialed | None, started: int
    ) -> Response:
        now, first_ns, answer = monotonic_ns(), connection.first_byte_ns, connection.answer
        made = (dialed.name_us, dialed.connect_us, dialed.tls_us) if dialed else (0, 0, 0)
        first_ns = first_ns or now
        timing = Timing(
            *made, (first_ns - connection.sent_ns) // 1000, (now - first_ns) // 1000, (now - started) // 1000
        )
        parts = answer.parts
        raw = parts[0] if len(parts) == 1 else b"".join(parts)
        return Response(
            method, url, answer.status, Headers(answer.fields), raw, timing, reused=dialed is None,
            forgiven=answer.forgiven, lease=answer.lease,
        )  # fmt: skip

    def _tell(self, exchange: Exchange) -> None:
        if self.on_exchange:
            self.on_exchange(exchange)


def _how(dialed: Dialed | None) -> str:
    """How the connection of a request was made, as `Exchange.connection` says it."""
    if dialed is None:
        return ""
    if not dialed.tls_us:
        return "plain"
    return "resumed" if dialed.resumed else "full"


@lru_cache(maxsize=4096)
def _opening(method: str, address: Address, fixed: bytes) -> bytes:
    """What the head of every such request begins with, whoever the visitor is."""
    return b"%b %b HTTP/1.1\r\nHost: %b\r\n%b" % (method.encode(), address.target, address.authority.encode(), fixed)


@lru_cache(maxsize=1)
def _system_tls() -> Tls:
    """What the system trusts; made once."""
    return Tls(http="1.1")


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {_safe(value)}\r\n" for name, value in headers.items()).encode("latin-1", "replace")


def _safe(value: str) -> str:
    """A header's value without the line ends that would make two of it."""
    return value.replace("\r", " ").replace("\n", " ")
