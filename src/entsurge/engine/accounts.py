"""Which accounts may begin a visit in this process, and which are still used where their shard came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.plan.arrivals import shard_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.engine.messages import Account


def _nobody(taken: list[Account], freed: list[Account]) -> None:
    """Where no shard ever moves, nobody is told."""
    del taken, freed


class Accounts:
    """An account is used by one visit at once, even while its shard changes hands.

    `in_use` is the set that the visits of this process share: each takes itself out at its end. Of shards that go to
    others, `tell` says which accounts are in use here (`taken`) and, as their visits end, that they are `freed`.
    """

    def __init__(self, in_use: set[Account]) -> None:
        self.in_use = in_use
        self.elsewhere: set[Account] = set()
        self.tell: Callable[[list[Account], list[Account]], None] = _nobody
        self._told: set[Account] = set()

    def free(self, account: Account) -> bool:
        """Whether no visit uses this account, here or where its shard came from."""
        return account not in self.in_use and account not in self.elsewhere

    def take(self, account: Account, *, leaving: bool) -> None:
        """A visit begins; `leaving`: its shard has been promised to another process."""
        self.in_use.add(account)
        if leaving:
            self._told.add(account)
            self.tell([account], [])

    def ended(self, account: Account) -> None:
        """A visit is over, however it ended."""
        self.in_use.discard(account)
        if account in self._told:
            self._told.discard(account)
            self.tell([], [account])

    def hand_over(self, shards: Iterable[int]) -> list[Account]:
        """The accounts in use here of shards that go to others, in order; when they are free again, `tell` says so."""
        going = set(shards)
        found = sorted(account for account in self.in_use if shard_of(*account) in going)
        self._told.update(found)
        return found

    def hear(self, taken: Iterable[Account], freed: Iterable[Account]) -> None:
        """What other processes say of accounts whose shards may be ours by now."""
        self.elsewhere.update(taken)
        self.elsewhere.difference_update(freed)
