"""Where a visitor may connect: names and networks, checked after the name has become an address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import count
from typing import TYPE_CHECKING

from entsurge.client.address_order import AddressOrders
from entsurge.client.failure import NotAllowed
from entsurge.client.resolver import Endpoint, Resolver

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
NAMED_ADDRESSES = 4  # in a message


class AllowList:
    """The hosts and networks of an authorised target; shared by all visitors of a run.

    | given             | a connection is allowed when                           |
    |-------------------|--------------------------------------------------------|
    | nothing           | the address is loopback                                |
    | hosts             | the host is named, wherever its name leads             |
    | networks          | the address is inside one, whatever the name           |
    | hosts, networks   | the host is named and its address is inside a network  |

    Hosts are names or addresses as they stand in URLs, brackets and a dot at the end left out or not. `resolver` says
    where names lead; without one, as the system does, asked in gevent's loop.

    With `connect_to`, origins (host and port) are connected to at these addresses of ours, and no other origin is,
    unless `beside` says that the others are spoken to themselves.
    """

    def __init__(
        self,
        hosts: Collection[str] = (),
        networks: Collection[str | Network] = (),
        resolver: Resolver | None = None,
        *,
        connect_to: Mapping[tuple[str, int], Endpoint] | None = None,
        beside: bool = False,
    ) -> None:
        self.hosts = frozenset(_host(host) for host in hosts)
        given = tuple(ip_network(network) for network in networks)
        self.networks: tuple[Network, ...] = given or (() if self.hosts else LOOPBACK)
        self.resolver = resolver or Resolver()
        self.connect_to, self.beside = connect_to or {}, beside
        self._turns = count()
        self._orders: dict[tuple[str, int], tuple[tuple[Endpoint, ...], AddressOrders]] = {}

    def turn(self) -> int:
        """The next visitor's number: where among a name's addresses it begins."""
        return next(self._turns)

    def allows(self, host: str, address: str) -> bool:
        """Whether a connection to `host` may go to this numeric address."""
        if not self._names(host):
            return False
        if not self.networks:
            return True
        number = _unmapped(ip_address(address.partition("%")[0]))
        return any(number.version == network.version and number in network for network in self.networks)

    def endpoints(self, host: str, port: int, *, turn: int = 0, seconds: float | None = None) -> tuple[Endpoint, ...]:
        """The allowed addresses of a host in the order in which this turn's visitor tries them; never empty.

        `seconds` bounds the wait for a name. Raises NotAllowed when the host is not named or has addresses of which
        none is allowed, NameNotFound when it has none, ConnectFailed when names cannot be asked for, DeadlinePassed.
        """
        known = self._orders.get((host, port))
        if known is None and not self._names(host):
            raise _refused(host, "is not among the target's hosts")
        if self.connect_to and (instead := self._instead(host, port)):
            return instead
        found = self.resolver.endpoints(host, port, seconds=seconds)
        if known is None or known[0] is not found:
            known = self._orders[host, port] = found, AddressOrders(self._allowed(host, found))
        return known[1].of(turn)

    def _instead(self, host: str, port: int) -> tuple[Endpoint, ...]:
        """Where an origin is connected to instead; nowhere else for one that is spoken to itself."""
        found = self.connect_to.get((host, port)) or self.connect_to.get((_host(host), port))
        if found is None and not self.beside:
            refusal = _refused(host, f"has no edge in front of its port {port}: faults would not touch it")
            refusal.hint = f'say in `hosts` of the target file where it listens: "{host}:{port}"'
            raise refusal
        return (found,) if found else ()

    def _names(self, host: str) -> bool:
        return not self.hosts or host in self.hosts or _host(host) in self.hosts

    def _allowed(self, host: str, found: tuple[Endpoint, ...]) -> list[Endpoint]:
        allowed = [endpoint for endpoint in found if self.allows(host, endpoint.address[0])]
        if not allowed:
            leads = ", ".join(endpoint.address[0] for endpoint in found[:NAMED_ADDRESSES])
            more = f" and {len(found) - NAMED_ADDRESSES} more" if len(found) > NAMED_ADDRESSES else ""
            raise _refused(host, f"leads to {leads}{more}, which is outside the allow-list")
        return allowed


def _host(written: str) -> str:
    """A host as URLs are taken apart to: lower case, IDNA, no brackets, no dot at the end; addresses in short form."""
    name = written.lower().strip("[]").rstrip(".")
    try:
        return str(ip_address(name)) if ":" in name else name.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        return name


def _unmapped(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address written as IPv6 (::ffff:10.0.0.1) as itself."""
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return mapped or number


def _refused(host: str, why: str) -> NotAllowed:
    error = NotAllowed(f"{host} {why}")
    error.host = host
    return error
