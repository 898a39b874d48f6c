"""From a name to a wire that is ready for requests: the address that answers, TLS agreed on, all by one deadline."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic_ns
from typing import TYPE_CHECKING

from entsurge.client.deadline import Guard
from entsurge.client.failure import DeadlinePassed
from entsurge.client.happy_eyeballs import connected
from entsurge.client.tls import Tickets, Tls
from entsurge.client.tls_failure import tls_failure
from entsurge.client.wire import TlsWire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from entsurge.client.allow_list import AllowList
    from entsurge.client.resolver import Endpoint
    from entsurge.client.url import Origin
    from entsurge.client.wire import Wire


@dataclass(slots=True)
class Dialed:
    """A wire that is ready, the protocol agreed on (`http/1.1`, `h2`, or nothing said), and what each step took, in µs.

    `tls_us` is 0 without TLS; `resumed` says whether TLS went on from an earlier session.
    """

    wire: Wire | TlsWire
    protocol: str = ""
    name_us: int = 0
    connect_us: int = 0
    tls_us: int = 0
    resumed: bool = False

    @property
    def http(self) -> str:
        """The protocol that is spoken over it: `1.1` or `2`."""
        return "2" if self.protocol == "h2" else "1.1"

    @property
    def how(self) -> str:
        """`plain`, `full` (a whole TLS handshake) or `resumed`."""
        if not self.tls_us:
            return "plain"
        return "resumed" if self.resumed else "full"


@dataclass(slots=True)
class Route:
    """How one visitor dials: where it may, from which address of ours (empty: the system's choice), with what TLS.

    `turn` says where among a name's addresses it begins, by default one further than the visitor before; then it keeps
    to the address that answered, as long as that does (RFC 8305 section 4 prefers addresses that were used).
    `on_connection` hears of each connection once it is ready, whatever it is for and whatever comes of that.
    """

    allow: AllowList
    tls: Tls
    source: str = ""
    tickets: Tickets = field(default_factory=Tickets)
    turn: int = -1
    on_connection: Callable[[Dialed], None] | None = None
    _used: dict[tuple[str, int], Endpoint] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.turn < 0:
            self.turn = self.allow.turn()

    def endpoints(self, host: str, port: int, seconds: float) -> Sequence[Endpoint]:
        """The addresses of a host in the order in which this visitor tries them. Raises a ClientError."""
        found = self.allow.endpoints(host, port, turn=self.turn, seconds=seconds)
        used = self._used.get((host, port))
        if used is None or used == found[0] or used not in found:
            return found
        return [used, *(endpoint for endpoint in found if endpoint != used)]

    def answered(self, host: str, port: int, endpoint: Endpoint) -> None:
        """This address was connected to: the visitor keeps to it."""
        self._used[host, port] = endpoint


def dial(origin: Origin, route: Route, ends_ns: int, *, http1: bool = False) -> Dialed:
    """A wire to an origin, by this monotonic time; `http1` offers nothing newer. Raises a ClientError."""
    began = monotonic_ns()
    if began >= ends_ns:
        raise DeadlinePassed("no connection before the deadline")
    endpoints = route.endpoints(origin.host, origin.port, (ends_ns - began) / 1e9)
    named = monotonic_ns()
    wire, endpoint = connected(endpoints, source=route.source, ends_ns=ends_ns)
    if len(endpoints) > 1:
        route.answered(origin.host, origin.port, endpoint)
    there = monotonic_ns()
    made = Dialed(wire, name_us=(named - began) // 1000, connect_us=(there - named) // 1000)
    if origin.secure:
        context = route.tls.http1_context if http1 else route.tls.context
        secured = _secured(wire, origin, context, route.tickets, ends_ns)
        made.wire, made.protocol = secured, secured.engine.selected_alpn_protocol() or ""
        made.resumed = secured.engine.session_reused
        made.tls_us = (monotonic_ns() - there) // 1000
    if route.on_connection:
        route.on_connection(made)
    return made


def _secured(wire: Wire, origin: Origin, context: ssl.SSLContext, tickets: Tickets, ends_ns: int) -> TlsWire:
    guard, session = Guard(ends_ns), tickets.of(origin, context)
    try:
        secured = TlsWire(wire, context, origin.host, session)
        with guard.closing(wire):
            secured.handshake()
    except OSError as error:
        wire.close()
        if guard.expired:
            raise DeadlinePassed("no TLS before the deadline") from None
        raise tls_failure(origin.host, error) from None
    except BaseException:  # the visitor was ended meanwhile
        wire.close()
        raise
    tickets.learn(origin, context, secured.engine, session)
    return secured
