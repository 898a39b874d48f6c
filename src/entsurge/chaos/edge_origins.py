"""The origins that an edge stands in front of: those that the target names, and those that its first page leads to.

Each is connected to once, as visitors would, before anything is put in front of it: what cannot be reached or verified
then could not be behind the edge either.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.client.address_order import AddressOrders
from entsurge.client.failure import ClientError
from entsurge.client.redirects import next_hop
from entsurge.client.url import Origin, split, url_of
from entsurge.errors import TargetUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from entsurge.client.access import Access

CONNECT_SECONDS = 5.0
GUESS_SECONDS = 2.0  # for a port that may well be closed
MOST_HOPS = 8
WELL_KNOWN = ((True, 443), (False, 80))


@dataclass(frozen=True)
class Upstream:
    """An origin behind the edge; `protocol` is what it agreed on by ALPN, empty where it said nothing.

    `orders`: a list of its addresses for each that connections begin with, the others to fall back on.
    """

    origin: Origin
    protocol: str
    orders: tuple[tuple[str, ...], ...]

    @property
    def url(self) -> str:
        """As a URL, without a path."""
        return url_of(self.origin)


def upstreams(target: str, named: Iterable[str], access: Access) -> list[Upstream]:
    """What an edge in front of this target has behind it, the target's own origin first.

    `named` are further URLs that must be there. Where hosts are named without a port, the usual ports are tried. Raises
    TargetUnreachable for what cannot be reached or verified.
    """
    wanted = dict.fromkeys(split(url).origin for url in (target, *named))
    found = {origin: _upstream(origin, access, CONNECT_SECONDS) for origin in wanted}
    for origin in _led_to(target, access):
        if origin not in found:
            found[origin] = _upstream(origin, access, CONNECT_SECONDS)
    guesses = [split(url_of(Origin(secure, host, port))).origin for host in access.hosts for secure, port in WELL_KNOWN]
    with ThreadPoolExecutor(8) as crew:
        tried = crew.map(lambda origin: _guessed(origin, access), [each for each in guesses if each not in found])
    return [*found.values(), *(each for each in tried if each is not None)]


def _upstream(origin: Origin, access: Access, seconds: float) -> Upstream:
    try:
        return _asked(origin, access, seconds)
    except ClientError as error:
        raise TargetUnreachable(
            f"{url_of(origin)}: {error} ({error.reason})", hint=error.hint or "no edge was put in front of it"
        ) from None


def _guessed(origin: Origin, access: Access) -> Upstream | None:
    try:
        return _asked(origin, access, GUESS_SECONDS)
    except ClientError:
        return None


def _asked(origin: Origin, access: Access, seconds: float) -> Upstream:
    """Raises a ClientError."""
    client = access.blocking()
    protocol = client.agreed(origin, deadline_seconds=seconds)
    made = client.endpoints(origin.host, origin.port, deadline_seconds=seconds)
    orders = AddressOrders(made)
    by_first: dict[str, tuple[str, ...]] = {}
    for turn in range(len(made)):
        order = tuple(str(endpoint.address[0]) for endpoint in orders.of(turn))
        by_first.setdefault(order[0], order)
    return Upstream(origin, protocol, tuple(by_first.values()))


def _led_to(target: str, access: Access) -> Sequence[Origin]:
    """The allowed origins that the target's first page redirects over, such as that of its sign-on."""
    client, found = access.blocking(), list[Origin]()
    try:
        answer = client.request("GET", target, deadline_seconds=CONNECT_SECONDS)
        while len(found) < MOST_HOPS and (hop := next_hop(answer)) is not None:
            origin = split(hop.url).origin
            client.endpoints(origin.host, origin.port, deadline_seconds=CONNECT_SECONDS)
            found.append(origin)
            answer = client.request("GET", hop.url, deadline_seconds=CONNECT_SECONDS)
    except ClientError:  # whether pages can be had is asked through the edge, and said then
        return found
    return found
