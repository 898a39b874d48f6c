"""One visitor's exchanges, redirects not followed: cookies, a connection, what may be asked again; each is told."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING, NamedTuple

from entsurge.client import url as urls
from entsurge.client.answered import Answered
from entsurge.client.connect_to import of_nobody
from entsurge.client.cookies import CookieJar
from entsurge.client.failure import ClientError, ConnectionLost
from entsurge.client.heads import Heads
from entsurge.client.http1 import Http1Connection
from entsurge.client.http2 import Http2Connection
from entsurge.client.pool import Pool
from entsurge.client.response import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.dialing import Route
    from entsurge.client.http2_stream import Stream
    from entsurge.client.response import Response
    from entsurge.client.url import Address, Origin

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_REPEATS = 2
GAVE_UP_WAITING = 408  # on a connection kept from before: the server's goodbye, which crossed the request on its way


class Exchange(NamedTuple):
    """One request and what came of it; `status` 0 and a `reason` when nothing usable came.

    `protocol` is "1.1" or "2", empty where none was reached. `connection` says whether one was made for it: empty when
    it was kept from before, else `plain`, `full` (a whole TLS handshake) or `resumed`. `forgiven` is what a strict
    reader has against the answer, as `Response.forgiven`.
    """

    method: str
    url: str
    status: int
    reason: str
    timing: Timing
    protocol: str = ""
    connection: str = ""
    forgiven: str = ""


class Exchanges:
    """Makes requests on the visitor's connections; `on_exchange` hears of each one, whatever came of it."""

    def __init__(
        self, route: Route, headers: Mapping[str, str], on_exchange: Callable[[Exchange], None] | None = None
    ) -> None:
        self.route, self.heads, self.cookies, self.on_exchange = route, Heads(headers), CookieJar(), on_exchange
        self._pools: dict[Origin, Pool] = {}

    def one(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, ends_ns: int) -> Response:
        """One request by this monotonic time. Raises a ClientError."""
        started = monotonic_ns()
        address = urls.split(url)
        try:
            answered = self._answered(method, address, headers, body, ends_ns)
        except ClientError as error:
            self._tell(Exchange(method, url, 0, error.reason, Timing(total_us=(monotonic_ns() - started) // 1000)))
            raise
        answer = self._taken(method, url, address, headers, body, answered, started)
        if isinstance(answer, ClientError):
            raise answer
        return answer

    def at_once(self, wanted: Mapping[str, Mapping[str, str]], ends_ns: int) -> dict[str, Response | ClientError]:
        """GET these URLs, each with its headers, on one HTTP/2 connection of their origin.

        What cannot be had so is missing: there is no such connection, or nobody has worked on the request.
        """
        started, pool = monotonic_ns(), self.pool(urls.split(next(iter(wanted))).origin)
        try:
            connection, dialed = pool.take(ends_ns)
        except ClientError:
            return {}
        if not isinstance(connection, Http2Connection):
            pool.give_back(connection)
            return {}
        addresses = [urls.split(url) for url in wanted]
        asked = [
            self.heads.http2("GET", address, self.cookies.line(address), headers, None)
            for address, headers in zip(addresses, wanted.values(), strict=True)
        ]
        found: dict[str, Response | ClientError] = {}
        streams = connection.ask(asked, ends_ns)
        for (url, headers), address, stream in zip(wanted.items(), addresses, streams, strict=True):
            if stream.error is None:
                answered = Answered.of_stream(stream, dialed)
                found[url] = self._taken("GET", url, address, headers, None, answered, started)
                dialed = None
            elif not _may_be_repeated("GET", stream.error, kept=dialed is None):
                found[url] = self._failed(url, stream, stream.error, started)
        return found

    def sent(self, url: str, headers: Mapping[str, str], name: str) -> str:
        """What a request with these headers has in a field; empty for none."""
        if name == "cookie":
            return self.cookies.header(urls.split(url))
        own = next((value for key, value in headers.items() if key.lower() == name), None)
        return self.heads.value(name) if own is None else own

    @property
    def speaks_http2(self) -> bool:
        """Whether an origin is known to."""
        return any(pool.protocol == "2" for pool in self._pools.values())

    def pool(self, origin: Origin) -> Pool:
        """The visitor's connections to an origin."""
        found = self._pools.get(origin)
        if found is None:
            found = self._pools[origin] = Pool(origin, self.route)
        return found

    def close(self) -> None:
        """Close every connection."""
        self.on_exchange = None  # whoever listens holds the client: no circle may keep both
        for pool in self._pools.values():
            pool.close()

    # -- how -------------------------------------------------------------------------------------------------------

    def _answered(
        self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None, ends_ns: int
    ) -> Answered:
        """The answer; what a server has not touched, or not processed, is asked again on another connection."""
        pool, cookies, tries = self.pool(address.origin), self.cookies.line(address), 0
        while True:
            connection, dialed = pool.take(ends_ns, certain=method not in IDEMPOTENT, new=tries > 0)
            tries += 1
            try:
                if isinstance(connection, Http1Connection):
                    connection.exchange(method, self.heads.http1(method, address, cookies, headers, body), ends_ns)
                    answered = Answered.of_http1(connection, dialed)
                    if answered.status == GAVE_UP_WAITING and dialed is None and tries <= MOST_REPEATS:
                        connection.close()
                        continue
                    pool.give_back(connection)
                    return answered
                asked = self.heads.http2(method, address, cookies, headers, body)
                (stream,) = connection.ask([asked], ends_ns)
                if stream.error is None:
                    return Answered.of_stream(stream, dialed)
                raise stream.taken_error()
            except ConnectionLost as error:
                if tries > MOST_REPEATS or not _may_be_repeated(method, error, kept=dialed is None):
                    raise

    def _taken(
        self, method: str, url: str, address: Address, headers: Mapping[str, str], body: bytes | None,
        answered: Answered, started: int,
    ) -> Response | ClientError:  # fmt: skip
        """The response, its cookies kept, its exchange told; what failed, where an edge has answered for its origin."""
        response = answered.response(method, url, headers, body, started)
        error = of_nobody(response) if self.route.allow.connect_to else None
        if error is not None:
            self._tell(Exchange(method, url, 0, error.reason, response.timing, answered.protocol, answered.connection))
            return error
        lines = response.headers.get_all("set-cookie")
        if lines:
            self.cookies.take(address, lines)
        self._tell(
            Exchange(
                method, url, response.status, "", response.timing, answered.protocol, answered.connection,
                answered.forgiven,
            )
        )  # fmt: skip
        return response

    def _failed(self, url: str, stream: Stream, error: ClientError, started: int) -> ClientError:
        timing = Timing(total_us=max(0, stream.done_ns - started) // 1000)
        self._tell(Exchange("GET", url, 0, error.reason, timing, "2"))
        return error

    def _tell(self, exchange: Exchange) -> None:
        if self.on_exchange:
            self.on_exchange(exchange)


def _may_be_repeated(method: str, error: ClientError, *, kept: bool) -> bool:
    """Whether a request that failed so may be made again: nobody has worked on it, or nobody can tell."""
    if not isinstance(error, ConnectionLost):
        return False
    return error.unprocessed or (kept and error.untouched and method in IDEMPOTENT)
