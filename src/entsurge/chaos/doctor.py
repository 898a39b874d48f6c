"""Which faults this machine can do; what cannot be had is said: a skipped fault is never a passed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.chaos import cgroup, lacking
from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import ONLY_UNDONE, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDS: dict[str, Callable[[], list[str]]] = {
    "envoy-": lacking.envoy,
    "haproxy-": lambda: lacking.command("haproxy"),
    "network-delay": lacking.netem,
    "network-": lacking.nftables,
    "process-throttle": cgroup.lacks,
}


@dataclass(frozen=True)
class Ability:
    """One kind of fault, what ends it when nobody is left, and what is lacking for it here."""

    kind: str
    lease: str
    lacks: list[str]


def abilities() -> list[Ability]:
    """Every kind of fault, in order of name."""
    register_all()
    known: dict[str, list[str]] = {}

    def lacks(kind: str) -> list[str]:
        prefix = next((each for each in NEEDS if kind.startswith(each)), "")
        if prefix not in known:
            known[prefix] = NEEDS[prefix]() if prefix else []
        return known[prefix]

    return [Ability(kind, of.lease, lacks(kind)) for kind, of in sorted(REGISTRY.items()) if kind not in ONLY_UNDONE]
