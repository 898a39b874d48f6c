"""A connection to whichever address of a name answers first, begun one after the other as browsers do (RFC 8305)."""

from __future__ import annotations

import errno
from collections import deque
from socket import AF_INET, AF_INET6
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from gevent import get_hub
from gevent.hub import Waiter

from entsurge.client.failure import OWN_LIMITS, ClientError, ConnectFailed, ConnectRefused, DeadlinePassed, OwnLimit
from entsurge.client.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.client.resolver import Endpoint

ATTEMPT_DELAY_NS = 250_000_000  # "Connection Attempt Delay", section 5
NAMED_ADDRESSES = 6  # in a message


def connected(endpoints: Sequence[Endpoint], *, source: str = "", ends_ns: int) -> tuple[Wire, Endpoint]:
    """A wire to the first address that answers, and that address, by this monotonic time.

    The next address is tried as soon as one has failed, or has not answered for 250 ms; who waits longest is not given
    up for that. With `source`, an address of ours, only addresses of its family are tried. Raises ConnectRefused when
    all refuse, ConnectFailed with every reason, DeadlinePassed, OwnLimit.
    """
    if source:
        endpoints = _of_family(endpoints, source)
    attempts = _Attempts(endpoints, source, ends_ns)
    try:
        return attempts.first()
    finally:
        attempts.close()


class _Attempts:
    """Connections under way; whatever ends them, those that have not won are closed."""

    __slots__ = ("_ends_ns", "_failed", "_left", "_next_ns", "_pending", "_source")

    def __init__(self, endpoints: Sequence[Endpoint], source: str, ends_ns: int) -> None:
        self._left, self._source, self._ends_ns = deque(endpoints), source, ends_ns
        self._pending: dict[Wire, Endpoint] = {}
        self._failed: list[tuple[Endpoint, OSError]] = []
        self._next_ns = 0

    def first(self) -> tuple[Wire, Endpoint]:
        """The one that is connected first. Raises a ClientError."""
        while True:
            now = monotonic_ns()
            if now >= self._ends_ns:
                raise DeadlinePassed(_late(list(self._pending.values())))
            if self._left and (not self._pending or now >= self._next_ns):
                wire = self._begun(self._left.popleft(), now)
            elif self._pending:
                self._wait(now)
                wire = self._done()
            else:
                raise self._failure()
            if wire is not None:
                return wire, self._pending.pop(wire)

    def close(self) -> None:
        """Give up what is under way."""
        for wire in self._pending:
            wire.close()
        self._failed.clear()  # the errors' traces lead back here: no circle

    def _begun(self, endpoint: Endpoint, now: int) -> Wire | None:
        """Begin the next attempt; its wire if it is connected already."""
        try:
            wire = Wire(endpoint.family)
        except OSError as error:
            self._fails(endpoint, error)
            return None
        self._pending[wire], self._next_ns = endpoint, now + ATTEMPT_DELAY_NS
        try:
            return wire if wire.connect(endpoint, self._source) else None
        except OSError as error:
            self._drop(wire, error)
        return None

    def _wait(self, now: int) -> None:
        """Until an attempt has ended, the next is due, or the deadline has come."""
        hub: Any = get_hub()
        waiter = Waiter(hub)
        until = min(self._next_ns, self._ends_ns) if self._left else self._ends_ns
        timer = hub.loop.timer((until - now) / 1e9)
        timer.start(waiter.switch, None)
        for wire in self._pending:
            wire.writable.start(waiter.switch, None)
        try:
            waiter.get()
        finally:
            timer.close()
            for wire in self._pending:
                wire.writable.stop()

    def _done(self) -> Wire | None:
        """Asked of each attempt, whoever woke us: a late loop sees the timer before the connection that is there."""
        for wire in tuple(self._pending):
            try:
                if wire.connected():
                    return wire
            except OSError as error:
                self._drop(wire, error)
        return None

    def _drop(self, wire: Wire, error: OSError) -> None:
        wire.close()
        self._fails(self._pending.pop(wire), error)

    def _fails(self, endpoint: Endpoint, error: OSError) -> None:
        self._failed.append((endpoint, error))
        self._next_ns = 0
        if self._ours(endpoint, error):
            self._left.clear()

    def _ours(self, endpoint: Endpoint, error: OSError) -> bool:
        """Whether another address would fare no better; without IPv6 on this machine, one of IPv4 would."""
        return error.errno in OWN_LIMITS and (
            error.errno != errno.EADDRNOTAVAIL or bool(self._source) or endpoint.family != AF_INET6
        )

    def _failure(self) -> ClientError:
        if not self._failed:
            return ConnectFailed("no address to connect to")
        certain = [(endpoint, error) for endpoint, error in self._failed if self._ours(endpoint, error)]
        if certain or all(error.errno in OWN_LIMITS for _, error in self._failed):
            endpoint, error = (certain or self._failed)[0]
            return OwnLimit(f"{endpoint}: {error.strerror}")
        if all(error.errno == errno.ECONNREFUSED for _, error in self._failed):
            all_named = _named([endpoint for endpoint, _ in self._failed])
            one = len(self._failed) == 1
            return ConnectRefused(f"{all_named} refuses connections" if one else f"{all_named} refuse connections")
        return ConnectFailed(_named([f"{endpoint}: {error.strerror}" for endpoint, error in self._failed], "; "))


def _of_family(endpoints: Sequence[Endpoint], source: str) -> list[Endpoint]:
    family = AF_INET6 if ":" in source else AF_INET
    found = [endpoint for endpoint in endpoints if endpoint.family == family]
    if not found:
        raise OwnLimit(f"{_named(endpoints)} cannot be reached from {source}: not of its family")
    return found


def _late(tried: Sequence[Endpoint]) -> str:
    return f"no connection to {_named(tried)} before the deadline" if tried else "no connection before the deadline"


def _named(found: Sequence[object], between: str = ", ") -> str:
    more = [f"{len(found) - NAMED_ADDRESSES} more"] if len(found) > NAMED_ADDRESSES else []
    return between.join([*(str(each) for each in found[:NAMED_ADDRESSES]), *more])
