"""An answer: status, headers, body decoded only when somebody reads it, and where its time went."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from entsurge.visit.failure import ProtocolBroken

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a request's time went, in µs: connecting, TLS, until the first byte, in all."""

    connect_us: int = 0
    tls_us: int = 0
    first_byte_us: int = 0
    total_us: int = 0


class Headers:
    """Header fields in the order in which they came; names compare without case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, or the default."""
        wanted = name.lower().encode()
        for key, value in self._fields:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return default

    def get_all(self, name: str) -> list[str]:
        """Every value of a field."""
        wanted = name.lower().encode()
        return [value.decode("latin-1") for key, value in self._fields if key.lower() == wanted]

    def items(self) -> Iterator[tuple[str, str]]:
        """All fields as text."""
        return ((key.decode("latin-1"), value.decode("latin-1")) for key, value in self._fields)


@dataclass
class Response:
    """One answer. `raw` is the body as it came; `body` is decoded on first reading (ProtocolBroken if it cannot be)."""

    method: str
    url: str
    status: int
    headers: Headers
    raw: bytes
    timing: Timing = field(default_factory=Timing)
    reused: bool = False
    from_cache: bool = False
    request_body: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes of body that came over the wire."""
        return len(self.raw)

    @cached_property
    def body(self) -> bytes:
        """The body, gzip or deflate undone."""
        encoding = self.headers.get("content-encoding").lower().strip()
        if encoding in ("", "identity"):
            return self.raw
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise ProtocolBroken(f"{self.url}: content-encoding {encoding!r} was not asked for")
        return _inflated(self.raw, self.url)

    @cached_property
    def text(self) -> str:
        """The body as text: the charset that the header names, else UTF-8; what cannot be decoded is replaced."""
        kind = self.headers.get("content-type").lower()
        charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.body.decode(charset, "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    @property
    def redirects_to(self) -> str:
        """Where the answer points, or nothing."""
        return self.headers.get("location") if self.status in (301, 302, 303, 307, 308) else ""


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
