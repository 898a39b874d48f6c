"""The same policy without gevent: one request, one connection, on standard sockets, all by one deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING

from entsurge.client import url as urls
from entsurge.client.failure import (
    OWN_LIMITS,
    ClientError,
    ConnectFailed,
    ConnectRefused,
    DeadlinePassed,
    NotAllowed,
    OwnLimit,
)
from entsurge.client.message import LARGEST_BODY, AnswerParser
from entsurge.client.redirects import MOST, next_hop, too_many
from entsurge.client.response import Headers, Response
from entsurge.client.tls_failure import lost, tls_failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.client.allow_list import AllowList
    from entsurge.client.resolver import Endpoint
    from entsurge.client.tls import Tls
    from entsurge.client.url import Address, Origin

CHUNK = 65536
_OF_A_BODY = frozenset({"POST", "PUT", "PATCH"})


class BlockingClient:
    """Asks one thing at a time; no cookies, no cache, no proxy of the environment.

    A host may be spoken to where one of `allow` says so. `sent` tells whether anything of the last request has left:
    when it failed before that, nothing can have come of it.
    """

    def __init__(
        self,
        *,
        allow: Sequence[AllowList],
        tls: Tls,
        headers: Mapping[str, str] | None = None,
        source: str = "",
    ) -> None:
        self.allow, self.tls, self.headers, self.source = allow, tls, dict(headers or {}), source
        self.sent = False

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline_seconds: float,
        largest: int = LARGEST_BODY,
    ) -> Response:
        """One request, redirects not followed, within one total deadline. Raises a ClientError."""
        return self._request(method, url, dict(headers or {}), body, monotonic() + deadline_seconds, largest)

    def follow(self, response: Response, *, deadline_seconds: float, largest: int = LARGEST_BODY) -> Response:
        """Go where an answer points, until an answer points nowhere. Raises a ClientError."""
        ends, left = monotonic() + deadline_seconds, MOST
        while hop := next_hop(response):
            if not left:
                raise too_many(response)
            left -= 1
            response = self._request(hop.method, hop.url, hop.headers, hop.body, ends, largest)
        return response

    def endpoints(self, host: str, port: int, *, deadline_seconds: float) -> Sequence[Endpoint]:
        """The allowed addresses of a host. Raises a ClientError."""
        return self._endpoints(host, port, monotonic() + deadline_seconds)

    def agreed(self, origin: Origin, *, deadline_seconds: float) -> str:
        """What an origin speaks, asked by a connection alone: a protocol of ALPN, empty without TLS or ALPN.

        Raises a ClientError: nobody there, or a certificate that does not hold.
        """
        ends = monotonic() + deadline_seconds
        with self._connected(origin, ends) as plain:
            if not origin.secure:
                return ""
            with self._secured(plain, origin.host, ends, self.tls.context) as secured:
                return secured.selected_alpn_protocol() or ""

    # -- how -------------------------------------------------------------------------------------------------------

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, ends: float, largest: int
    ) -> Response:
        self.sent = False
        address = urls.split(url)
        request = self._written(method, address, headers, body)
        parser = AnswerParser(largest=largest)
        parser.begin(method)
        with self._connected(address.origin, ends) as plain:
            if address.origin.secure:
                with self._secured(plain, address.origin.host, ends, self.tls.http1_context) as secured:
                    self._exchange(secured, address.origin.host, request, parser, ends)
            else:
                self._exchange(plain, address.origin.host, request, parser, ends)
        answer = Response(
            method, url, parser.status, Headers(parser.fields), b"".join(parser.parts), request_body=body,
            request_headers=headers, forgiven=parser.forgiven, lease=parser.lease,
        )  # fmt: skip
        parser.free()
        return answer

    def _written(self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None) -> bytes:
        length = {"Content-Length": str(len(body or b""))} if body is not None or method in _OF_A_BODY else {}
        ours = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "close"}
        every: dict[str, tuple[str, str]] = {}
        for given in ({"Host": address.authority}, ours, self.headers, headers, length):
            every |= {name.lower(): (name, value) for name, value in given.items()}
        lines = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in every.values())
        return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (
            method.encode(), address.target, lines.encode("latin-1", "replace"), body or b""
        )  # fmt: skip

    def _connected(self, origin: Origin, ends: float) -> socket.socket:
        """A connection to the first address that answers; one that swallows costs no more than its share of time."""
        failure: ClientError = ConnectFailed(f"{origin.host} has no address to connect to")
        endpoints = self._endpoints(origin.host, origin.port, ends)
        for number, endpoint in enumerate(endpoints):
            share = (ends - monotonic()) / (len(endpoints) - number)
            try:
                return self._tried(endpoint, monotonic() + share)
            except (ConnectRefused, ConnectFailed, DeadlinePassed) as error:
                failure = error
        raise failure

    def _tried(self, endpoint: Endpoint, ends: float) -> socket.socket:
        with contextlib.ExitStack() as stack:
            try:
                plain = stack.enter_context(socket.socket(endpoint.family, socket.SOCK_STREAM))
                plain.settimeout(_left(ends))
                if _fits(self.source, endpoint.address[0]):
                    plain.bind((self.source, 0))
                plain.connect(endpoint.address)
            except OSError as error:
                raise _unconnected(endpoint, error) from None
            stack.pop_all()
        return plain

    def _secured(self, plain: socket.socket, host: str, ends: float, context: ssl.SSLContext) -> ssl.SSLSocket:
        with contextlib.ExitStack() as stack:
            try:
                plain.settimeout(_left(ends))
                secured = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
                stack.enter_context(secured).do_handshake()
            except TimeoutError:
                raise DeadlinePassed("no TLS before the deadline") from None
            except OSError as error:
                raise tls_failure(host, error) from None
            stack.pop_all()
        return secured

    def _exchange(self, wire: socket.socket, host: str, request: bytes, parser: AnswerParser, ends: float) -> None:
        """Send a request and take in its answer; what the server said before it hung up counts."""
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                self._send(wire, request, ends)
            while data := _received(wire, ends):
                if parser.feed(data):
                    return
        except TimeoutError:
            raise DeadlinePassed("no whole answer before the deadline") from None
        except OSError as error:
            raise lost(host, error) from None
        parser.end()

    def _send(self, wire: socket.socket, request: bytes, ends: float) -> None:
        view = memoryview(request)
        while view:
            wire.settimeout(_left(ends))
            self.sent = True
            view = view[wire.send(view) :]

    # -- names -----------------------------------------------------------------------------------------------------

    def _endpoints(self, host: str, port: int, ends: float) -> Sequence[Endpoint]:
        """The addresses that the first of the allow-lists has which lets this host be spoken to."""
        refusal = NotAllowed(f"{host} may not be spoken to")
        for each in reversed(self.allow):
            try:
                return each.endpoints(host, port, seconds=max(0.0, ends - monotonic()))
            except NotAllowed as error:
                refusal = error
        raise refusal


def _received(wire: socket.socket, ends: float) -> bytes:
    wire.settimeout(_left(ends))
    return wire.recv(CHUNK)


def _unconnected(endpoint: Endpoint, error: OSError) -> ClientError:
    if isinstance(error, TimeoutError):
        return DeadlinePassed(f"{endpoint}: no connection before the deadline")
    if isinstance(error, ConnectionRefusedError):
        return ConnectRefused(f"{endpoint} refuses connections")
    kind = OwnLimit if error.errno in OWN_LIMITS else ConnectFailed
    return kind(f"{endpoint}: {error.strerror or error}")


def _left(ends: float) -> float:
    """The seconds that are left. Raises TimeoutError when there are none."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _fits(source: str, address: str) -> bool:
    """Whether a connection to this address can come from that one of ours: same family, and loopback to loopback."""
    if not source:
        return False
    ours, theirs = ip_address(source), ip_address(address.partition("%")[0])
    return ours.version == theirs.version and ours.is_loopback == theirs.is_loopback


def _one_line(value: str) -> str:
    """A header's value without the line ends that would make two of it."""
    return value.replace("\r", " ").replace("\n", " ")
