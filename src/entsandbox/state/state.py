"""The interface that a sandbox's memory has, in one process or in several."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsandbox.state.session import Sessions
    from entsandbox.state.tickets import OneTime


class Order(NamedTuple):
    """A measure that was ordered: until when it is on (none without a lease), its options as JSON, and since when."""

    until: float | None
    options: str
    since: float


class Allowances(Protocol):
    """How many pages each account may still ask for."""

    async def spend(self, login: str) -> float:
        """Ask for one page: 0 when it is granted, or after how many seconds it would be."""
        ...


class State(Protocol):
    """Everything that outlives a request without being written by anyone."""

    @property
    def sessions(self) -> Sessions:
        """All sign-ons."""
        ...

    @property
    def allowances(self) -> Allowances:
        """Every account's allowance."""
        ...

    def one_time(self, prefix: str, seconds: float) -> OneTime:
        """A box of things handed out under a token that begins with `prefix`, each good once and in time."""
        ...

    def clock(self) -> float:
        """The clock that leases and silences are measured by, in seconds."""
        ...

    async def order(self, name: str, order: Order | None) -> None:
        """Order a measure, or end it."""
        ...

    async def orders(self) -> Mapping[str, Order]:
        """The measures ordered, by this process or another."""
        ...

    async def set_limit(self, name: str, value: float) -> None:
        """Change a limit while running."""
        ...

    async def limits(self) -> Mapping[str, float]:
        """The limits that were changed."""
        ...

    async def keep_up(self) -> None:
        """End what is due and learn what other processes did; called twice a second."""
        ...
