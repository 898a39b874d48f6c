"""Which faults this machine can do; what cannot be had is said: a skipped fault is never a passed one."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import ONLY_UNDONE, REGISTRY


@dataclass(frozen=True)
class Ability:
    """One kind of fault, what ends it when nobody is left, and what is lacking for it here."""

    kind: str
    lease: str
    lacks: list[str]


def abilities() -> list[Ability]:
    """Every kind of fault, in order of name, as it says itself."""
    register_all()
    return [
        Ability(kind, of.lease, of.lacks_here()) for kind, of in sorted(REGISTRY.items()) if kind not in ONLY_UNDONE
    ]
