"""Which address stands in for an origin, as curl's --connect-to has it: a line `https://ent.example 127.0.0.1:40001`.

URLs, names in TLS, cookies and the Host header stay those of the origin; only the connection goes elsewhere.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError
from entsurge.client.resolver import Endpoint
from entsurge.client.url import Origin, split, url_of

if TYPE_CHECKING:
    from collections.abc import Iterable


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
