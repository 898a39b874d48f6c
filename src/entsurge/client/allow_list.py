"""Where a visitor may connect: names and networks, checked after the name has become an address."""

from __future__ import annotations

import socket as names
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from entsurge.client.failure import ConnectFailed, NameNotFound, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Collection

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
KEPT_SECONDS = 10.0


class Endpoint(NamedTuple):
    """An address that was resolved and allowed: family and what `connect` takes."""

    family: int
    address: tuple[str, int] | tuple[str, int, int, int]


class AllowList:
    """The hosts and networks of an authorised target; shared by all visitors of a run.

    | given             | a connection is allowed when                           |
    |-------------------|--------------------------------------------------------|
    | nothing           | the address is loopback                                |
    | hosts             | the host is named, wherever its name leads             |
    | networks          | the address is inside one, whatever the name           |
    | hosts, networks   | the host is named and its address is inside a network  |

    Names resolve once in ten seconds for all visitors: the run is a test of the ENT, not of a resolver.
    """

    def __init__(self, hosts: Collection[str] = (), networks: Collection[str | Network] = ()) -> None:
        self.hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        given = tuple(ip_network(network) for network in networks)
        self.networks: tuple[Network, ...] = given or (() if self.hosts else LOOPBACK)
        self._kept: dict[tuple[str, int], tuple[float, list[Endpoint]]] = {}

    def allows(self, host: str, address: str) -> bool:
        """Whether a connection to `host` may go to this numeric address."""
        if self.hosts and host not in self.hosts:
            return False
        if not self.networks:
            return True
        number = _unmapped(ip_address(address.partition("%")[0]))
        return any(number.version == network.version and number in network for network in self.networks)

    def endpoints(self, host: str, port: int) -> list[Endpoint]:
        """The allowed addresses of a host, resolved now or a moment ago; never empty.

        Raises NotAllowed when there are addresses but none is allowed, NameNotFound when there is none.
        """
        if self.hosts and host not in self.hosts:
            raise NotAllowed(f"{host} is not among the target's hosts")
        kept = self._kept.get((host, port))
        now = monotonic()
        if kept is not None and kept[0] > now:
            return kept[1]
        found = self._resolved(host, port)
        self._kept[host, port] = (now + KEPT_SECONDS, found)
        return found

    def _resolved(self, host: str, port: int) -> list[Endpoint]:
        from gevent.socket import getaddrinfo  # whoever only asks what is allowed needs no gevent

        try:
            found = getaddrinfo(host, port, type=names.SOCK_STREAM)
        except names.gaierror as error:
            raise NameNotFound(f"{host} has no address: {error.strerror}") from error
        except (UnicodeError, ValueError) as error:
            raise NameNotFound(f"{host} is not a host name") from error
        except OSError as error:
            raise ConnectFailed(f"{host} cannot be resolved: {error}") from error
        allowed = [Endpoint(family, address) for family, *_, address in found if self.allows(host, address[0])]
        if not allowed:
            raise NotAllowed(f"{host} leads to {found[0][4][0]}, which is outside the allow-list")
        return allowed


def _unmapped(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address written as IPv6 (::ffff:10.0.0.1) as itself."""
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return mapped or number
