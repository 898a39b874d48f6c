"""Who offers which of the plan's 256 shards, and from when to when: the master's ledger and a worker's own part.

An account belongs to one shard and a shard to one worker, so no account is used by two visits at once.
A move takes effect at one instant of run time that lies ahead for both sides: nothing is offered twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.plan.arrivals import SHARDS

if TYPE_CHECKING:
    from collections.abc import Iterable

FOREVER_US = 2**62


class Ours:
    """A worker's part: for every shard the spans of run time (µs, the end left out) that it offers."""

    def __init__(self) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def gain(self, shards: Iterable[int], from_us: int) -> None:
        """Offer these shards from an instant on."""
        for shard in shards:
            self._spans.setdefault(shard, []).append((from_us, FOREVER_US))

    def release(self, shards: Iterable[int], until_us: int) -> None:
        """Offer these shards only until an instant."""
        for shard in shards:
            self._spans[shard] = [
                (begin, min(end, until_us)) for begin, end in self._spans.get(shard, ()) if begin < until_us
            ]

    def holds(self, shard: int, due_us: int) -> bool:
        """Whether an arrival of this shard and due time is to be offered here."""
        return any(begin <= due_us < end for begin, end in self._spans.get(shard, ()))

    def leaving(self, shard: int) -> bool:
        """Whether this shard is, or was, ours only until an instant."""
        return all(end < FOREVER_US for _, end in self._spans.get(shard, ()))

    @property
    def until_us(self) -> int:
        """When the last shard is given up: FOREVER_US as long as one is kept, 0 where none was held."""
        return max((end for spans in self._spans.values() for _, end in spans), default=0)


@dataclass(frozen=True, slots=True)
class Move:
    """Shards that go from one worker (None: from nobody) to another."""

    source: str | None
    target: str
    shards: tuple[int, ...]


@dataclass
class Ledger:
    """The master's book: to whom each shard belongs, or is promised. Changes are proposed here and noted by `own`.

    `moving` holds the shards that their new owner does not have yet: they stay where they are promised to.
    """

    owner: dict[int, str | None] = field(default_factory=lambda: dict.fromkeys(range(SHARDS)))
    workers: list[str] = field(default_factory=list)
    moving: set[int] = field(default_factory=set)

    def shards_of(self, worker: str | None) -> list[int]:
        """The shards of a worker, or those of nobody."""
        return [shard for shard, owner in self.owner.items() if owner == worker]

    def own(self, move: Move) -> None:
        """Note that a move has been agreed, or promised."""
        for shard in move.shards:
            self.owner[shard] = move.target

    def join(self, worker: str) -> list[Move]:
        """What a new worker should get: shards of nobody, then its fair share from those who have most."""
        self.workers.append(worker)
        free = self.shards_of(None)
        if free:
            return [Move(None, worker, tuple(free))] if len(self.workers) == 1 else self._dealt(free)
        fair = SHARDS // len(self.workers)
        moves: list[Move] = []
        for other in self.workers[:-1]:
            held = self.shards_of(other)
            most = max(0, len(held) - -(-SHARDS // len(self.workers)))
            spare = [shard for shard in held if shard not in self.moving][:most]
            spare = spare[: fair - sum(len(move.shards) for move in moves)]
            if spare:
                moves.append(Move(other, worker, tuple(spare)))
        return moves

    def leave(self, worker: str) -> list[Move]:
        """Who takes over what a lost worker had; what was still on its way to it is not among that."""
        if worker in self.workers:
            self.workers.remove(worker)
        orphans = [shard for shard in self.shards_of(worker) if shard not in self.moving]
        for shard in orphans:
            self.owner[shard] = None
        return self._dealt(orphans)

    def retire(self, worker: str) -> list[Move]:
        """Who gets what a worker has that stops in order; it has its shards until they are released."""
        self.workers.remove(worker)
        held = [shard for shard in self.shards_of(worker) if shard not in self.moving]
        return [Move(worker, move.target, move.shards) for move in self._dealt(held)]

    def deal(self) -> list[Move]:
        """Deal every shard of nobody to the workers there are."""
        return self._dealt(self.shards_of(None))

    def arrived(self, move: Move) -> list[Move]:
        """Shards on their way have been let go: to whoever has fewest by now, since others may have come or gone."""
        self.moving.difference_update(move.shards)
        for shard in move.shards:
            self.owner[shard] = None
        return self._dealt(list(move.shards))

    def _dealt(self, shards: list[int]) -> list[Move]:
        """Each shard to whoever has fewest."""
        counts = {worker: len(self.shards_of(worker)) for worker in self.workers}
        given: dict[str, list[int]] = {worker: [] for worker in self.workers}
        if not counts:
            return []
        for shard in shards:
            poorest = min(counts, key=lambda worker: counts[worker])
            counts[poorest] += 1
            given[poorest].append(shard)
        return [Move(None, worker, tuple(of)) for worker, of in given.items() if of]
