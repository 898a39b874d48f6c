"""How much the bodies of all visitors together may hold: one budget a process, so that no target fills its memory.

A limit of 16 MiB a body is none when a thousand visitors each wait for one. What a body holds beyond its first 64 kB is
leased in steps of 256 kB, so that the bodies of ordinary pages cost one comparison and no lease.
"""

from __future__ import annotations

from entsurge.client.failure import OwnLimit

FREE_BYTES = 64 * 1024
STEP_BYTES = 256 * 1024
MOST_BYTES = 1024 * 1024 * 1024


class Budget:
    """Bytes that may be held at once, and how many are."""

    __slots__ = ("held", "limit")

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self.limit, self.held = limit, 0

    def lease(self) -> Lease:
        """A lease of nothing yet."""
        return Lease(self)


class Lease:
    """What one body holds of a budget; given back when nobody has the lease any more."""

    __slots__ = ("_budget", "held")

    def __init__(self, budget: Budget) -> None:
        self._budget, self.held = budget, 0

    def grow(self, size: int) -> None:
        """Hold so many bytes more. Raises OwnLimit, and then holds what it held."""
        if self._budget.held + size > self._budget.limit:
            raise OwnLimit(
                f"the answers held at once passed {self._budget.limit // 1024 // 1024} MiB: "
                "fewer visitors, smaller pages, or more workers"
            )
        self._budget.held += size
        self.held += size

    def cover(self, size: int) -> None:
        """Hold, in whole steps, what a body of so many bytes has beyond its free part. Raises OwnLimit."""
        missing = size - FREE_BYTES - self.held
        if missing > 0:
            self.grow(-(-missing // STEP_BYTES) * STEP_BYTES)

    def __del__(self) -> None:
        self._budget.held -= self.held


BODIES = Budget()
