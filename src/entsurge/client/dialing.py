"""From a name to a wire that is ready for requests: addresses tried in turn, TLS agreed on, all by one deadline."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import TYPE_CHECKING

from entsurge.client.deadline import Guard
from entsurge.client.failure import ConnectFailed, ConnectRefused, DeadlinePassed, OwnLimit
from entsurge.client.tls import Tickets, Tls
from entsurge.client.tls_failure import tls_failure
from entsurge.client.wire import TlsWire, Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from entsurge.client.allow_list import AllowList, Endpoint
    from entsurge.client.url import Origin

OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


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


@dataclass(slots=True)
class Route:
    """How one visitor dials: where it may, from which address of ours (empty: the system's choice), with what TLS."""

    allow: AllowList
    tls: Tls
    source: str = ""
    tickets: Tickets = field(default_factory=Tickets)


def dial(origin: Origin, route: Route, ends_ns: int, *, http1: bool = False) -> Dialed:
    """A wire to an origin, by this monotonic time; `http1` offers nothing newer. Raises a ClientError."""
    began = monotonic_ns()
    if began >= ends_ns:
        raise DeadlinePassed("no connection before the deadline")
    endpoints = route.allow.endpoints(origin.host, origin.port)
    named = monotonic_ns()
    wire = connected(endpoints, source=route.source, ends_ns=ends_ns)
    there = monotonic_ns()
    made = Dialed(wire, name_us=(named - began) // 1000, connect_us=(there - named) // 1000)
    if origin.secure:
        context = route.tls.http1_context if http1 else route.tls.context
        secured = _secured(wire, origin.host, context, route.tickets, ends_ns)
        made.wire, made.protocol = secured, secured.engine.selected_alpn_protocol() or ""
        made.resumed = secured.engine.session_reused
        made.tls_us = (monotonic_ns() - there) // 1000
    return made


def connected(endpoints: Sequence[Endpoint], *, source: str, ends_ns: int) -> Wire:
    """A wire to the first address that answers. Raises a ClientError."""
    for number, endpoint in enumerate(endpoints, 1):
        try:
            return _tried(endpoint, source, ends_ns)
        except (ConnectRefused, ConnectFailed):
            if number == len(endpoints):
                raise
    raise ConnectFailed("no address to connect to")


def _tried(endpoint: Endpoint, source: str, ends_ns: int) -> Wire:
    guard = Guard(ends_ns)
    where = f"{endpoint.address[0]}:{endpoint.address[1]}"
    wire: Wire | None = None
    try:
        wire = Wire(endpoint.family)
        with guard.closing(wire):
            wire.connect(endpoint, source)
    except OSError as error:
        if wire is not None:
            wire.close()
        if guard.expired:
            raise DeadlinePassed("no connection before the deadline") from None
        if error.errno == errno.ECONNREFUSED:
            raise ConnectRefused(f"{where} refuses connections") from None
        if error.errno in OWN_LIMITS:
            raise OwnLimit(f"{where}: {error.strerror}") from None
        raise ConnectFailed(f"{where}: {error.strerror}") from None
    except BaseException:  # the visitor was ended meanwhile
        if wire is not None:
            wire.close()
        raise
    return wire


def _secured(wire: Wire, host: str, context: ssl.SSLContext, tickets: Tickets, ends_ns: int) -> TlsWire:
    guard = Guard(ends_ns)
    try:
        secured = TlsWire(wire, context, host, tickets.of(host, context))
        with guard.closing(wire):
            secured.handshake()
    except OSError as error:
        wire.close()
        if guard.expired:
            raise DeadlinePassed("no TLS before the deadline") from None
        raise tls_failure(host, error) from None
    except BaseException:  # the visitor was ended meanwhile
        wire.close()
        raise
    tickets.learn(host, context, secured.engine)
    return secured
