"""What a connection was agreed to be: protocol, TLS version, cipher, and the address at its other end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.client.wire import TlsWire

if TYPE_CHECKING:
    from entsurge.client.wire import Wire


@dataclass(frozen=True, slots=True)
class Negotiated:
    """`http` is `1.1` or `2`; `tls` such as `TLSv1.3` and `cipher` by OpenSSL's name, both None without TLS."""

    http: str
    tls: str | None
    cipher: str | None
    address: str

    @classmethod
    def of(cls, wire: Wire | TlsWire, http: str) -> Negotiated:
        """What was agreed on over this wire, open or not."""
        if not isinstance(wire, TlsWire):
            return cls(http, None, None, wire.peer)
        cipher = wire.engine.cipher()
        return cls(http, wire.engine.version(), cipher[0] if cipher else None, wire.peer)

    def __str__(self) -> str:
        """`HTTP/2, TLSv1.3, TLS_AES_256_GCM_SHA384`, as far as there is any."""
        return ", ".join(filter(None, (f"HTTP/{self.http}", self.tls, self.cipher)))
