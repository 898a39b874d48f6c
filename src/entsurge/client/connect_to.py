"""Which address stands in for an origin, as curl's --connect-to has it: a line `https://ent.example 127.0.0.1:40001`.

URLs, names in TLS, cookies and the Host header stay those of the origin; only the connection goes elsewhere. Where what
stands there has to answer for an origin that it cannot reach, it says so in a field of its own (`LOCAL_REPLY`).
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, ConnectFailed, ConnectionLost
from entsurge.client.resolver import Endpoint
from entsurge.client.url import Origin, split, url_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.client.response import Response

LOCAL_REPLY = "x-entsurge-edge"
_NEVER_THERE = frozenset({"UF", "UH", "UO", "URX"})  # Envoy's response flags: no connection, nobody to connect to


def written(origin: Origin, address: str, port: int) -> str:
    """The line that says so; the address is one of IPv4."""
    return f"{url_of(origin)} {address}:{port}"


def read(lines: Iterable[str]) -> dict[Origin, Endpoint]:
    """By origin, where to connect instead. Raises ValueError for a line that says something else."""
    found = {}
    for line in lines:
        url, _, place = line.partition(" ")
        address, _, port = place.rpartition(":")
        try:
            found[split(url).origin] = Endpoint(socket.AF_INET, (address, int(port)))
        except (ClientError, ValueError):
            raise ValueError(f"{line}: expected an origin, a blank, and ADDRESS:PORT") from None
    return found


def of_nobody(response: Response) -> ClientError | None:
    """What failed behind an edge that has answered itself; None for an answer of the origin's."""
    flags = response.headers.get(LOCAL_REPLY)
    if not flags:
        return None
    host, why = split(response.url).origin.host, response.text.strip() or flags
    if _NEVER_THERE.intersection(flags.split(",")):
        return ConnectFailed(f"the edge in front of {host} cannot reach it, or does not trust it: {why}")
    return ConnectionLost(f"the edge in front of {host} has lost it: {why}")
