"""The head of a request, as bytes for HTTP/1.1 or as fields for HTTP/2; what heads share is made once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from entsurge.client.http2_stream import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.http2_stream import Field
    from entsurge.client.url import Address

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OF_A_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"host", b"content-length"}
)  # RFC 9113, 8.2.2: they have no place in HTTP/2


class Heads:
    """Makes the heads of one visitor's requests; `fixed` are the fields that all of them carry."""

    __slots__ = ("lines",)

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self.lines = lines(fixed)

    def value(self, name: str) -> str:
        """What every head has in a field, named in lower case; empty for none."""
        wanted = name.encode("latin-1", "replace")
        return next((value.decode("latin-1") for key, value in _fields(self.lines) if key == wanted), "")

    def http1(
        self, method: str, address: Address, cookies: bytes, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        """Head and body; `cookies` is a line of the head, or empty."""
        head = _opening(method, address, self.lines) + cookies
        if headers:
            head += lines(headers)
        if body is not None or method in WITH_BODY:
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body or b""), body or b"")
        return head + b"\r\n"

    def http2(
        self, method: str, address: Address, cookies: bytes, headers: Mapping[str, str], body: bytes | None
    ) -> Asked:
        """The fields, pseudo-header fields first, and the body; `cookies` is a line of an HTTP/1.1 head, or empty."""
        found = [*_pseudo(method, address), *_fields(self.lines)]
        if cookies:
            found.append((b"cookie", cookies[8:-2]))
        if headers:
            found += _fields(lines(headers))
        if body is not None or method in WITH_BODY:
            found.append((b"content-length", b"%d" % len(body or b"")))
        return Asked(found, body or None)


def lines(headers: Mapping[str, str]) -> bytes:
    """Header fields as lines of an HTTP/1.1 head."""
    return b"".join(
        [
            _line(name, value)
            if len(value) <= _LONGEST_REMEMBERED and name not in _OWN
            else _line.__wrapped__(name, value)
            for name, value in headers.items()
        ]
    )


_LONGEST_REMEMBERED = 256
_OWN = frozenset({"Authorization", "X-CSRF-Token"})  # each visitor's: nothing to remember


@lru_cache(maxsize=4096)
def _line(name: str, value: str) -> bytes:
    return f"{name}: {_safe(value)}\r\n".encode("latin-1", "replace")


@lru_cache(maxsize=4096)
def _opening(method: str, address: Address, fixed: bytes) -> bytes:
    """What the head of every such request begins with, whoever the visitor is."""
    return b"%b %b HTTP/1.1\r\nHost: %b\r\n%b" % (method.encode(), address.target, address.authority.encode(), fixed)


@lru_cache(maxsize=4096)
def _pseudo(method: str, address: Address) -> tuple[Field, ...]:
    return (
        (b":method", method.encode()), (b":authority", address.authority.encode()),
        (b":scheme", b"https" if address.origin.secure else b"http"), (b":path", address.target),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _fields(head: bytes) -> tuple[Field, ...]:
    """Lines of an HTTP/1.1 head as fields of HTTP/2."""
    pairs = (line.partition(b": ") for line in head.split(b"\r\n") if line)
    return tuple((name.lower(), value) for name, _, value in pairs if name.lower() not in _OF_A_CONNECTION)


def _safe(value: str) -> str:
    """A header's value without the line ends that would make two of it."""
    return value.replace("\r", " ").replace("\n", " ")
