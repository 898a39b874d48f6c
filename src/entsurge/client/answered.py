"""What came of one exchange, whichever protocol carried it: status, fields, body, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from entsurge.client.negotiated import Negotiated
from entsurge.client.response import Headers, Response, Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.budget import Lease
    from entsurge.client.dialing import Dialed
    from entsurge.client.http1 import Http1Connection
    from entsurge.client.http2_stream import Field, Stream

from time import monotonic_ns


class Answered(NamedTuple):
    """An answer that is whole; instants in monotonic ns. `dialed`: how its connection was made, if it was for this."""

    status: int
    fields: list[Field]
    parts: list[bytes]
    sent_ns: int
    first_byte_ns: int
    done_ns: int
    protocol: str
    dialed: Dialed | None
    forgiven: str = ""
    lease: Lease | None = None

    @classmethod
    def of_http1(cls, connection: Http1Connection, dialed: Dialed | None) -> Answered:
        """What a connection has just taken in."""
        answer = connection.answer
        return cls(
            answer.status, answer.fields, answer.parts, connection.sent_ns, connection.first_byte_ns, monotonic_ns(),
            "1.1", dialed, answer.forgiven, answer.lease,
        )  # fmt: skip

    @classmethod
    def of_stream(cls, stream: Stream, dialed: Dialed | None) -> Answered:
        """What a stream that is done holds."""
        first_ns = stream.first_byte_ns or stream.done_ns
        return cls(
            stream.status,
            stream.fields,
            stream.parts,
            stream.sent_ns or first_ns,
            first_ns,
            stream.done_ns,
            "2",
            dialed,
            lease=stream.lease,
        )

    @property
    def connection(self) -> str:
        """How its connection was made, as `Exchange.connection` says it."""
        return self.dialed.how if self.dialed else ""

    def since(self, started_ns: int) -> int:
        """µs from then to its end."""
        return (self.done_ns - started_ns) // 1000

    def response(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, started_ns: int
    ) -> Response:
        """As a response to this request, which began at this instant."""
        dialed, parts = self.dialed, self.parts
        made = (dialed.name_us, dialed.connect_us, dialed.tls_us) if dialed else (0, 0, 0)
        wait_us, transfer_us = (self.first_byte_ns - self.sent_ns) // 1000, (self.done_ns - self.first_byte_ns) // 1000
        timing = Timing(*made, wait_us, transfer_us, self.since(started_ns))
        raw = parts[0] if len(parts) == 1 else b"".join(parts)
        return Response(
            method, url, self.status, Headers(self.fields), raw, timing, reused=dialed is None, request_body=body,
            request_headers=headers, negotiated=Negotiated.of(dialed.wire, dialed.http) if dialed else None,
            forgiven=self.forgiven, lease=self.lease,
        )  # fmt: skip
