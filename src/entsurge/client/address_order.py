"""In which order a visitor tries the addresses of a name: spread over them, families in turn (RFC 8305 section 4)."""

from __future__ import annotations

from itertools import chain, zip_longest
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.client.resolver import Endpoint


class AddressOrders:
    """The orders of one answer. The system's preference of a family stays; within it each turn begins one further."""

    __slots__ = ("_families", "_made", "_period")

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        families: dict[int, list[Endpoint]] = {}
        for endpoint in endpoints:
            families.setdefault(endpoint.family, []).append(endpoint)
        self._families = list(families.values())
        self._period = lcm(*(len(family) for family in self._families))
        self._made: dict[int, tuple[Endpoint, ...]] = {}

    def of(self, turn: int) -> tuple[Endpoint, ...]:
        """All addresses in the order of this turn; the preferred family first, then the families alternate."""
        number = turn % self._period
        found = self._made.get(number)
        if found is None:
            found = self._made[number] = self._order(number)
        return found

    def _order(self, number: int) -> tuple[Endpoint, ...]:
        rotated = [family[number % len(family) :] + family[: number % len(family)] for family in self._families]
        return tuple(endpoint for endpoint in chain.from_iterable(zip_longest(*rotated)) if endpoint is not None)
