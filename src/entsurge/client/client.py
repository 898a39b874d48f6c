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
from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed
from entsurge.client.http1 import Connection
from entsurge.client.redirects import MOST as MOST_REDIRECTS
from entsurge.client.redirects import next_hop, too_many
from entsurge.client.response import Headers, Response, Timing
from entsurge.client.tls import Tls
from entsurge.client.upgrade import Upgrade, upgrade
from entsurge.client.websocket import LARGEST_MESSAGE, WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.allow_list import AllowList
    from entsurge.client.url import Address, Origin

MOST_CONNECTIONS = 6
IDLE_NS = 5_000_000_000
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})


class Exchange(NamedTuple):
    """One request and what came of it; `status` 0 and a `reason` when nothing usable came."""

    method: str
    url: str
    status: int
    reason: str
    total_us: int


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
        self.allow, self.tls, self.on_exchange, self.source = allow, tls, on_exchange, source
        self.cookies, self.cache = CookieJar(), Cache()
        self.fixed = _lines({"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*", **(headers or {})})
        self._idle: dict[Origin, list[Connection]] = {}
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
        connection = self._connected(address, ends_ns)
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
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

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
        try:
            connection, reused = self._exchanged(method, address, self._head(method, address, headers, body), ends_ns)
        except ClientError as error:
            self._tell(method, url, 0, error.reason, started)
            raise
        response = self._response(method, url, connection, reused=reused, started=started)
        response.request_body, response.request_headers = body, headers
        lines = response.headers.get_all("set-cookie")
        if lines:
            self.cookies.take(address, lines)
        self._give_back(connection)
        self._tell(method, url, response.status, "", started)
        return response

    def _exchanged(self, method: str, address: Address, head: bytes, ends_ns: int) -> tuple[Connection, bool]:
        """A connection that has taken in the answer; a kept one that turns out stale is replaced once."""
        kept = self._kept(address.origin, certain=method not in IDEMPOTENT)
        if kept is not None:
            try:
                kept.exchange(method, head, ends_ns)
            except ConnectionLost:
                if method not in IDEMPOTENT or kept.any_byte:
                    raise
            else:
                return kept, True
        connection = self._connected(address, ends_ns)
        connection.exchange(method, head, ends_ns)
        return connection, False

    def _connected(self, address: Address, ends_ns: int) -> Connection:
        """A new connection to an allowed address."""
        if monotonic_ns() >= ends_ns:
            raise DeadlinePassed("no connection before the deadline")
        connection = Connection(address.origin, source=self.source)
        endpoints = self.allow.endpoints(address.origin.host, address.origin.port)
        connection.connect(endpoints, self._tls() if address.origin.secure else None, ends_ns)
        return connection

    def _tls(self) -> Tls:
        return self.tls or _system_tls()

    def _kept(self, origin: Origin, *, certain: bool) -> Connection | None:
        """A kept connection; `certain` when a request that must not be sent twice is to go over it."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.open and not (certain and connection.wire.stale()):
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection) -> None:
        idle = self._idle.setdefault(connection.origin, [])
        if not connection.open or self._closed or len(idle) >= MOST_CONNECTIONS:
            connection.close()
            return
        connection.rest(idle, monotonic_ns() + IDLE_NS if idle else 0)

    def _head(self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None) -> bytes:
        head = _opening(method, address, self.fixed) + self.cookies.line(address)
        if headers:
            head += _lines(headers)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body or b""), body or b"")
        return head + b"\r\n"

    def _response(self, method: str, url: str, connection: Connection, *, reused: bool, started: int) -> Response:
        now = monotonic_ns()
        timing = Timing(
            connect_us=0 if reused else connection.connect_us,
            tls_us=0 if reused else connection.tls_us,
            first_byte_us=max(0, connection.first_byte_ns - started) // 1000,
            total_us=(now - started) // 1000,
        )
        parts = connection.parts
        raw = parts[0] if len(parts) == 1 else b"".join(parts)
        return Response(method, url, connection.status, Headers(connection.fields), raw, timing, reused=reused)

    def _tell(self, method: str, url: str, status: int, reason: str, started: int) -> None:
        if self.on_exchange:
            self.on_exchange(Exchange(method, url, status, reason, (monotonic_ns() - started) // 1000))


@lru_cache(maxsize=4096)
def _opening(method: str, address: Address, fixed: bytes) -> bytes:
    """What the head of every such request begins with, whoever the visitor is."""
    return b"%b %b HTTP/1.1\r\nHost: %b\r\n%b" % (method.encode(), address.target, address.authority.encode(), fixed)


@lru_cache(maxsize=1)
def _system_tls() -> Tls:
    """What the system trusts; made once."""
    return Tls()


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {_safe(value)}\r\n" for name, value in headers.items()).encode("latin-1", "replace")


def _safe(value: str) -> str:
    """A header's value without the line ends that would make two of it."""
    return value.replace("\r", " ").replace("\n", " ")
