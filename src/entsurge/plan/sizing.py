"""How many cores, how much memory, how many descriptors and ports a load needs, from measured costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsurge.plan.connections import Connections
    from entsurge.plan.costs import Costs, Protocol
    from entsurge.plan.summary import Load

MOST_OF_A_CORE = 0.5  # what a process may use of its core: arrivals start late long before a core is full
ROUNDING = 1e-9
LABELS: dict[Protocol, str] = {"http": "http", "https-http1": "https, HTTP/1.1", "https-http2": "https, HTTP/2"}


@dataclass(frozen=True, slots=True)
class Sizing:
    """What one load needs over one protocol.

    `processor` is in cores kept busy, `cores` how many to provide, `processes` the workers (`--processes`),
    `descriptors` those of each process, `ports` those of all processes together.
    """

    protocol: Protocol
    requests_per_second: float
    connections_per_second: float
    connections_at_once: int
    processor: float
    cores: int
    processes: int
    memory_mb: int
    descriptors: int
    ports: int


def protocols(url: str, http: str = "auto") -> tuple[Protocol, ...]:
    """What a target at this URL may be spoken to in; both of TLS for `auto`: it agrees when it is asked, not before."""
    if url.lower().startswith("http:"):
        return ("http",)
    one: dict[str, tuple[Protocol, ...]] = {"1.1": ("https-http1",), "2": ("https-http2",)}
    return one.get(http, ("https-http1", "https-http2"))


def sizing(load: Load, need: Connections, costs: Costs, protocol: Protocol, *, most_visitors: int) -> Sizing:
    """What this load needs: so many processes that none uses over half a core, nor has over `most_visitors` at once.

    Processor = processes × idle + requests/s × µs a request + connections/s × µs a connection. Memory = processes, and
    the master of several, × MB of one + visitors at once × kB of one.
    """
    cost = costs.protocols[protocol]
    work = (load.requests_per_second * cost.request_us + need.opened_per_second * cost.connection_us) / 1e6
    by_processor = _least(work / (MOST_OF_A_CORE - costs.idle_share))
    processes = max(1, by_processor, _least(load.concurrency / most_visitors))
    processor = processes * costs.idle_share + work
    running = processes + 1 if processes > 1 else 1
    return Sizing(
        protocol=protocol,
        requests_per_second=load.requests_per_second,
        connections_per_second=need.opened_per_second,
        connections_at_once=round(need.at_once),
        processor=processor,
        cores=max(1, _least(processor / MOST_OF_A_CORE)),
        processes=processes,
        memory_mb=ceil(running * costs.process_mb + load.concurrency * cost.visitor_kb / 1000),
        descriptors=need.descriptors(processes),
        ports=need.ports,
    )


def _least(amount: float) -> int:
    """The least whole number that is enough."""
    return ceil(amount - ROUNDING)
