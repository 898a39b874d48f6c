"""An answer: status, headers, body decoded only when somebody reads it, and where its time went."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from entsurge.client.budget import BODIES, FREE_BYTES
from entsurge.client.charset import text_of
from entsurge.client.content_coding import decoded
from entsurge.client.failure import ProtocolBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.client.budget import Lease
    from entsurge.client.charset import Text
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

    __slots__ = ("_first", "fields")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self.fields = fields
        self._first = {lowered(name): value for name, value in reversed(fields)}

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, or the default."""
        value = self._first.get(_wanted(name))
        return default if value is None else value.decode("latin-1")

    def get_all(self, name: str) -> list[str]:
        """Every value of a field."""
        wanted = _wanted(name)
        first = self._first.get(wanted)
        if first is None:
            return []
        if len(self._first) == len(self.fields):
            return [first.decode("latin-1")]
        return [value.decode("latin-1") for key, value in self.fields if lowered(key) == wanted]

    def joined(self, name: str) -> str:
        """The values of a field, joined by commas, as RFC 9110, 5.3, has several fields of a name; empty for none."""
        if len(self._first) == len(self.fields) or _wanted(name) not in self._first:
            return self.get(name)
        return ", ".join(self.get_all(name))

    def items(self) -> Iterator[tuple[str, str]]:
        """All fields as text."""
        return ((key.decode("latin-1"), value.decode("latin-1")) for key, value in self.fields)


@lru_cache(maxsize=1024)
def lowered(name: bytes) -> bytes:
    """A field's name in lower case; servers send the same few again and again."""
    return name.lower()


@lru_cache(maxsize=1024)
def _wanted(name: str) -> bytes:
    return name.lower().encode()


@dataclass(slots=True)
class Response:
    """One answer. `raw` is the body as it came; `body` and `text` are decoded on first reading.

    `forgiven` is what a strict reader would have refused about it; empty for nothing. `lease` is what the body holds of
    the budget of all bodies. `negotiated` says what the connection is that was made for it; None over a kept one.
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
    forgiven: str = ""
    lease: Lease | None = None
    _body: bytes | None = None
    _text: Text | None = None

    def asked_again(self, confirmed: Response) -> Response:
        """This kept answer as one that another (304) has just confirmed: in its time, on its connection, as asked then.

        (`dataclasses.replace` takes 5 µs for it, this 1.)
        """
        return Response(
            self.method, self.url, self.status, self.headers, self.raw, confirmed.timing, confirmed.reused,
            request_headers=confirmed.request_headers,
        )  # fmt: skip

    def from_store(self, request_headers: Mapping[str, str]) -> Response:
        """This kept answer as one that nobody was asked for."""
        return Response(
            self.method, self.url, self.status, self.headers, self.raw, from_cache=True, request_headers=request_headers
        )  # fmt: skip

    @property
    def size(self) -> int:
        """Bytes of body that came over the wire."""
        return len(self.raw)

    @property
    def body(self) -> bytes:
        """The body, gzip, deflate and brotli undone. Raises ProtocolBroken, TooLarge, OwnLimit."""
        if self._body is None:
            coding = self.headers.joined("content-encoding")
            body = decoded(self.raw, coding, self.url) if coding else self.raw
            if body is not self.raw:
                self._hold(len(body))
            self._body = body
        return self._body

    @property
    def text(self) -> str:
        """The body as text; what cannot be decoded is replaced. Raises what `body` raises."""
        return self._read().text

    @property
    def charset(self) -> str:
        """The charset in which the text is read, by its WHATWG name in lower case. Raises what `body` raises."""
        return self._read().charset

    def _read(self) -> Text:
        if self._text is None:
            text = text_of(self.body, self.headers.joined("content-type"))
            self._hold(len(text.text))
            self._text = text
        return self._text

    def _hold(self, size: int) -> None:
        if size > FREE_BYTES:
            self.lease = self.lease or BODIES.lease()
            self.lease.grow(size)

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
