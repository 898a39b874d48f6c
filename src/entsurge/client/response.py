"""An answer: status, headers, body decoded only when somebody reads it, and where its time went."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import brotli

from entsurge.client.failure import ProtocolBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.client.negotiated import Negotiated


class Timing(NamedTuple):
    """Where a request's time went, in µs.

    name, connect, tls: of a connection that was made for it, else 0. wait: from sending until the first byte; transfer:
    from there to the last one. total: all of it, waiting for a free connection included.
    """

    name_us: int = 0
    connect_us: int = 0
    tls_us: int = 0
    wait_us: int = 0
    transfer_us: int = 0
    total_us: int = 0


NO_TIMING = Timing()
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Headers:
    """Header fields in the order in which they came; names compare without case."""

    __slots__ = ("_fields", "_first")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields
        self._first = {_lowered(name): value for name, value in reversed(fields)}

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, or the default."""
        value = self._first.get(_wanted(name))
        return default if value is None else value.decode("latin-1")

    def get_all(self, name: str) -> list[str]:
        """Every value of a field."""
        wanted = _wanted(name)
        if wanted not in self._first:
            return []
        return [value.decode("latin-1") for key, value in self._fields if _lowered(key) == wanted]

    def items(self) -> Iterator[tuple[str, str]]:
        """All fields as text."""
        return ((key.decode("latin-1"), value.decode("latin-1")) for key, value in self._fields)


@lru_cache(maxsize=1024)
def _lowered(name: bytes) -> bytes:
    return name.lower()


@lru_cache(maxsize=1024)
def _wanted(name: str) -> bytes:
    return name.lower().encode()


@dataclass(slots=True)
class Response:
    """One answer. `raw` is the body as it came; `body` is decoded on first reading (ProtocolBroken if it cannot be).

    `negotiated` says what the connection is that was made for it; None over one that was kept from before.
    """

    method: str
    url: str
    status: int
    headers: Headers
    raw: bytes
    timing: Timing = NO_TIMING
    reused: bool = False
    from_cache: bool = False
    negotiated: Negotiated | None = None
    request_body: bytes | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)
    _body: bytes | None = None
    _text: str | None = None

    @property
    def size(self) -> int:
        """Bytes of body that came over the wire."""
        return len(self.raw)

    @property
    def body(self) -> bytes:
        """The body, gzip, deflate or brotli undone."""
        if self._body is None:
            self._body = self._decoded()
        return self._body

    @property
    def text(self) -> str:
        """The body as text: the charset that the header names, else UTF-8; what cannot be decoded is replaced."""
        if self._text is None:
            charset = _charset(self.headers.get("content-type"))
            self._text = self.body.decode(charset, "replace")
        return self._text

    def _decoded(self) -> bytes:
        encoding = self.headers.get("content-encoding").lower().strip()
        if encoding in ("", "identity"):
            return self.raw
        if encoding == "br":
            return _unbrotlied(self.raw, self.url)
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise ProtocolBroken(f"{self.url}: content-encoding {encoding!r} was not asked for")
        return _inflated(self.raw, self.url)

    @property
    def redirects_to(self) -> str:
        """The address that a redirect's Location names, raw bytes percent-encoded as browsers do; empty for none.

        Raises ProtocolBroken for several that differ.
        """
        if self.status not in REDIRECTS:
            return ""
        found = set(self.headers.get_all("location"))
        if len(found) > 1:
            raise ProtocolBroken(f"{self.url}: redirects to {len(found)} different addresses at once")
        return "".join(f"%{ord(each):02X}" if each > "\x7f" else each for each in "".join(found)).strip()


@lru_cache(maxsize=256)
def _charset(kind: str) -> str:
    """The charset that a Content-Type names, if Python knows it, else UTF-8."""
    named = kind.lower().partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    try:
        b"?".decode(named, "replace")
    except LookupError:
        return "utf-8"
    return named


LARGEST = 64 * 1024 * 1024


def _inflated(raw: bytes, url: str) -> bytes:
    """Gzip or zlib, or the bare deflate that some servers send; never more than 64 MiB."""
    for bits in (47, -15):
        decoder = zlib.decompressobj(bits)
        try:
            whole = decoder.decompress(raw, LARGEST)
        except zlib.error:
            continue
        if decoder.unconsumed_tail:
            break
        return whole
    raise ProtocolBroken(f"{url}: the body cannot be decoded")


def _unbrotlied(raw: bytes, url: str) -> bytes:
    """Brotli; never more than 64 MiB."""
    decoder = brotli.Decompressor()
    try:
        whole: bytes = decoder.process(raw, output_buffer_limit=LARGEST)
    except brotli.error:
        whole = b""
    if not decoder.is_finished():
        raise ProtocolBroken(f"{url}: the body cannot be decoded")
    return whole
