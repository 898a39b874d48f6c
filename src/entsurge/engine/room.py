"""Before the first arrival: whether this machine has the descriptors and ports that the plan's connections need."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.plan.connections import OF_OUR_OWN, TIME_WAIT_SECONDS, of_run

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.client.tls import Http
    from entsurge.plan.connections import Connections


@dataclass(frozen=True, slots=True)
class Limits:
    """What a machine gives: descriptors to a process (None: any number), ports to one address towards one target."""

    descriptors: int | None
    ports: int


def limits() -> Limits:
    """Those of this machine: the hard limit of descriptors, which a run raises the soft one to, and its port range."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Limits(None if most < 0 else most, _ports())


def check_room(profile: Profile, *, processes: int, sources: int, http: Http = "auto") -> None:
    """Refuse a plan whose connections this machine has no descriptors or ports for, with the number and the remedy.

    The need is that of a target which copes, and of HTTP/1.1 unless `http` allows HTTP/2 alone: what a target will
    agree to is not known before it is asked. Raises the soft limit of descriptors to the hard one. Raises UsageError.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    need = of_run(profile).connections(multiplexed=http == "2")
    for refused in refusals(need, limits(), processes=processes, sources=sources):
        raise refused


def refusals(need: Connections, given: Limits, *, processes: int, sources: int = 0) -> list[UsageError]:
    """What a run that needs these connections is refused for under these limits; number and remedy in each.

    `sources` is how many addresses `--source` names, 0 for none.
    """
    return [
        *_too_few_descriptors(need, given.descriptors, processes),
        *_too_few_ports(need, given.ports, max(1, sources)),
    ]


def _too_few_descriptors(need: Connections, most: int | None, processes: int) -> list[UsageError]:
    descriptors = need.descriptors(processes)
    if most is None or most >= descriptors:
        return []
    spread = f"--processes {-(-round(need.at_once) // (most - OF_OUR_OWN))}, " if most > OF_OUR_OWN else ""
    return [
        UsageError(
            f"the plan needs about {descriptors} file descriptors in each of {processes} process(es); "
            f"the limit is {most}",
            hint=f"ulimit -Hn {descriptors}, {spread}or a smaller --scale",
        )
    ]


def _too_few_ports(need: Connections, each: int, sources: int) -> list[UsageError]:
    if need.ports <= each * sources:
        return []
    wanted = -(-need.ports // each)
    return [
        UsageError(
            f"the plan needs about {need.ports} ports towards the target (each stays taken for {TIME_WAIT_SECONDS} s "
            f"after its connection has closed); {sources} source address(es) have {each * sources}",
            hint=f"name {wanted} or more source addresses, such as --source {_network(wanted)}, "
            'take a smaller --scale, or say http = "2" in the target file of a target that speaks HTTP/2',
        )
    ]


def _network(addresses: int) -> str:
    """A network of loopback that holds so many addresses beside its first and its last."""
    return f"127.0.1.0/{min(28, 32 - (addresses + 1).bit_length())}"


def _ports() -> int:
    """How many ports the system gives to one address towards one destination."""
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split())
    except (OSError, ValueError):
        return 16_384
    return high - low + 1
