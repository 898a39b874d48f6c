"""The same policy without gevent: one request, one connection, on standard sockets, all by one deadline."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any

from entsurge.client import url as urls
from entsurge.client.failure import (
    ClientError,
    ConnectFailed,
    ConnectRefused,
    DeadlinePassed,
    NameNotFound,
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
    from entsurge.client.tls import Tls
    from entsurge.client.url import Address, Origin

CHUNK = 65536
_OF_A_BODY = frozenset({"POST", "PUT", "PATCH"})
_OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


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

    def addresses(self, host: str, port: int, *, deadline_seconds: float) -> list[tuple[int, Any]]:
        """The allowed addresses of a host, as families and what `connect` takes. Raises a ClientError."""
        return self._addresses(host, port, monotonic() + deadline_seconds)

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
                with self._secured(plain, address.origin.host, ends) as secured:
                    self._exchange(secured, address.origin.host, request, parser, ends)
            else:
                self._exchange(plain, address.origin.host, request, parser, ends)
        answer = Response(method, url, parser.status, Headers(parser.fields), b"".join(parser.parts))
        answer.request_body, answer.request_headers = body, headers
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
        failure: ClientError = ConnectFailed(f"{origin.host} has no address to connect to")
        for family, address in self._addresses(origin.host, origin.port, ends):
            try:
                return self._tried(family, address, ends)
            except (ConnectRefused, ConnectFailed) as error:
                failure = error
        raise failure

    def _tried(self, family: int, address: Any, ends: float) -> socket.socket:
        where = f"{address[0]}:{address[1]}"
        try:
            plain = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise OwnLimit(f"{where}: {error.strerror}") from None
        try:
            plain.settimeout(_left(ends))
            if _fits(self.source, address[0]):
                plain.bind((self.source, 0))
            plain.connect(address)
        except BaseException as error:
            plain.close()
            if isinstance(error, TimeoutError) and monotonic() >= ends:
                raise DeadlinePassed("no connection before the deadline") from None
            if isinstance(error, ConnectionRefusedError):
                raise ConnectRefused(f"{where} refuses connections") from None
            if isinstance(error, OSError):
                kind = OwnLimit if error.errno in _OWN_LIMITS else ConnectFailed
                raise kind(f"{where}: {error.strerror or error}") from None
            raise
        return plain

    def _secured(self, plain: socket.socket, host: str, ends: float) -> ssl.SSLSocket:
        try:
            plain.settimeout(_left(ends))
            secured = self.tls.http1_context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        except OSError as error:
            raise tls_failure(host, error) from None
        try:
            secured.settimeout(_left(ends))
            secured.do_handshake()
        except BaseException as error:
            secured.close()
            if isinstance(error, TimeoutError):
                raise DeadlinePassed("no TLS before the deadline") from None
            if isinstance(error, OSError):
                raise tls_failure(host, error) from None
            raise
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

    def _addresses(self, host: str, port: int, ends: float) -> list[tuple[int, Any]]:
        if all(each.hosts and host not in each.hosts for each in self.allow):
            raise NotAllowed(f"{host} is not among the target's hosts")
        found = _resolved(host, port, ends)
        allowed = [
            (family, address) for family, *_, address in found
            if any(each.allows(host, address[0]) for each in self.allow)
        ]  # fmt: skip
        if not allowed:
            raise NotAllowed(f"{host} leads to {found[0][4][0]}, which is outside the allow-list")
        return allowed


def _received(wire: socket.socket, ends: float) -> bytes:
    wire.settimeout(_left(ends))
    return wire.recv(CHUNK)


def _left(ends: float) -> float:
    """The seconds that are left. Raises TimeoutError when there are none."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _resolved(host: str, port: int, ends: float) -> list[Any]:
    """What the system's resolver says, in a thread where that may take time: nothing else can end its waiting."""
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError, ValueError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(0.0, ends - monotonic()))
    if not found:
        raise DeadlinePassed(f"{host} was not resolved before the deadline")
    answer = found[0]
    if isinstance(answer, socket.gaierror):
        raise NameNotFound(f"{host} has no address: {answer.strerror}")
    if isinstance(answer, Exception):
        raise NameNotFound(f"{host} cannot be resolved: {answer}")
    resolved: list[Any] = answer
    return resolved


def _fits(source: str, address: str) -> bool:
    """Whether a connection to this address can come from that one of ours: same family, and loopback to loopback."""
    if not source:
        return False
    ours, theirs = ip_address(source), ip_address(address.partition("%")[0])
    return ours.version == theirs.version and ours.is_loopback == theirs.is_loopback


def _one_line(value: str) -> str:
    """A header's value without the line ends that would make two of it."""
    return value.replace("\r", " ").replace("\n", " ")
