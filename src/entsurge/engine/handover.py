"""The master's side of shards that change hands: who is told what, and which accounts are barred meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.engine.messages import AccountsMoved, Gain, Release
from entsurge.engine.shards import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.engine.messages import Account, Message, Released
    from entsurge.engine.shards import Move

AHEAD_US = 500_000  # a takeover lies so far ahead that both sides know of it in time
MOVE_AHEAD_US = 2_000_000


class Handover:
    """Moves shards between workers by message. `send` tells a worker something; `now_us` is the run's time.

    A worker asked to release shards answers with the instant until which it offers them and the accounts that its
    visits still use there. The new one gains them from that instant, with those accounts barred; as the visits end
    the old one says so, and everybody frees the accounts. A worker that dies frees all of its accounts at once.
    """

    def __init__(
        self,
        send: Callable[[Message, str], None],
        now_us: Callable[[], int],
        gained: Callable[[Move, int], None],
    ) -> None:
        self._send, self._now_us, self._gained = send, now_us, gained
        self.ledger = Ledger()
        self._pending: dict[int, Move] = {}
        self._number = 0
        self._held: dict[str, set[Account]] = {}

    @property
    def workers(self) -> list[str]:
        """Who offers shards, or is about to."""
        return self.ledger.workers

    def deal(self, workers: Iterable[str]) -> None:
        """Deal all shards to these workers, from the run's beginning on."""
        self.ledger.workers = list(workers)
        for move in self.ledger.deal():
            self._give(move, 0)

    def join(self, identity: str) -> None:
        """A worker has come while the run goes on: its fair share is on its way."""
        at_us = self._now_us() + MOVE_AHEAD_US
        for move in self.ledger.join(identity):
            self._ask(move, at_us)

    def retire(self, identity: str) -> None:
        """A worker stops in order: its shards go to the others while it is still there."""
        if identity in self.ledger.workers:
            for move in self.ledger.retire(identity):
                self._ask(move, self._now_us() + AHEAD_US)

    def lost(self, identity: str) -> None:
        """A worker is no more: the others take over what it had and what was on its way from it."""
        at_us = self._now_us() + AHEAD_US
        moves = self.ledger.leave(identity)
        self.accounts(identity, [], list(self._held.get(identity, ())))
        for move in moves:
            self._give(move, at_us)
        for number in [number for number, move in self._pending.items() if move.source == identity]:
            for move in self.ledger.arrived(self._pending.pop(number)):
                self._give(move, at_us)

    def released(self, identity: str, released: Released) -> None:
        """A worker has let go of the shards that the number stands for."""
        move = self._pending.get(released.number)
        if move is None or move.source != identity:
            return
        del self._pending[released.number]
        self.accounts(identity, released.busy, [])
        for each in self.ledger.arrived(move):
            self._give(each, released.until_us)

    def accounts(self, identity: str, taken: Iterable[Account], freed: Iterable[Account]) -> None:
        """Accounts whose shards are another's by now are in use at this worker, or are no more: the others hear it."""
        taken, freed = list(taken), list(freed)
        held = self._held.setdefault(identity, set())
        held.update(taken)
        held.difference_update(freed)
        for other in self.ledger.workers if taken or freed else ():
            if other != identity:
                self._send(AccountsMoved(taken, freed), other)

    def _ask(self, move: Move, at_us: int) -> None:
        """Have shards released by whoever has them; nobody's are given at once."""
        if move.source is None:
            self._give(move, at_us)
            return
        self.ledger.own(move)
        self.ledger.moving.update(move.shards)
        self._number += 1
        self._pending[self._number] = move
        self._send(Release(self._number, list(move.shards), at_us), move.source)

    def _give(self, move: Move, at_us: int) -> None:
        self.ledger.own(move)
        busy = sorted(set().union(*(held for worker, held in self._held.items() if worker != move.target)))
        self._send(Gain(list(move.shards), at_us, busy), move.target)
        self._gained(move, at_us)
