"""One shared clock that ends what has lasted too long: late requests, idle connections.

A timer per request would cost more than parsing its answer, so deadlines are kept in slots of 20 ms.
What is guarded stays in its first slot while its deadline moves on; only when that slot comes is it looked at
again. Moving a deadline later is therefore two comparisons, and nothing ends early, or later than a slot.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from gevent import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOT_NS = 20_000_000


class Guarded(Protocol):
    """What a watchdog can end: it bears its own deadline, in monotonic nanoseconds (0: none)."""

    ends_ns: int
    slot: int

    def expire(self) -> None:
        """End now; called in the hub, so it must not wait."""


class Closable(Protocol):
    """What can be closed, whoever waits on it."""

    def close(self) -> None:
        """Close now; must not wait."""
        ...


class Watchdog:
    """The guard of everything in one gevent hub; `now` is injected by tests."""

    def __init__(self, hub: Any, now: Callable[[], int] = monotonic_ns) -> None:
        self._now = now
        self._slots: dict[int, set[Guarded]] = {}
        self._next = 0
        self._ticking = False
        # without `ref`, an idle watchdog does not keep the loop alive
        self._timer = hub.loop.timer(SLOT_NS / 1e9, SLOT_NS / 1e9, ref=False)

    def watch(self, guarded: Guarded) -> None:
        """See to it that `guarded` expires at its `ends_ns`; cheap when it is watched already."""
        slot = guarded.ends_ns // SLOT_NS + 1
        if guarded.slot and guarded.slot <= slot:
            return
        self.forget(guarded)
        guarded.slot = slot
        self._slots.setdefault(slot, set()).add(guarded)
        if not self._ticking:
            self._ticking = True
            self._next = min(slot, self._now() // SLOT_NS)
            self._timer.start(self.tick)
        elif slot < self._next:
            self._next = slot

    def forget(self, guarded: Guarded) -> None:
        """Stop watching."""
        members = self._slots.get(guarded.slot)
        if members is not None:
            members.discard(guarded)
            if not members:
                del self._slots[guarded.slot]
        guarded.slot = 0

    def tick(self) -> None:
        """Look at every slot that has come since the last tick."""
        now = self._now()
        current = now // SLOT_NS
        for slot in range(self._next, current + 1):
            for guarded in self._slots.pop(slot, ()):
                guarded.slot = 0
                self._look(guarded, now)
        self._next = current + 1
        if not self._slots:
            self._ticking = False
            self._timer.stop()

    def _look(self, guarded: Guarded, now: int) -> None:
        if not guarded.ends_ns:
            return
        if guarded.ends_ns <= now:
            guarded.expire()
        else:
            self.watch(guarded)


class Guard:
    """Closes a wire at a monotonic time while somebody waits on it; `expired` says whether it had to."""

    __slots__ = ("_wire", "ends_ns", "expired", "slot")

    def __init__(self, ends_ns: int) -> None:
        self.ends_ns, self.slot, self.expired = ends_ns, 0, False
        self._wire: Closable | None = None

    @contextmanager
    def closing(self, wire: Closable) -> Iterator[None]:
        """Watch over this wire as long as the context lasts."""
        self._wire, watching = wire, watchdog()
        watching.watch(self)
        try:
            yield
        finally:
            watching.forget(self)

    def expire(self) -> None:
        """The time has come: whoever waits on the wire is woken by its closing."""
        self.expired = True
        if self._wire is not None:
            self._wire.close()


_of_hub: WeakKeyDictionary[Any, Watchdog] = WeakKeyDictionary()


def watchdog() -> Watchdog:
    """The watchdog of the running hub."""
    hub = get_hub()
    found = _of_hub.get(hub)
    if found is None:
        found = _of_hub[hub] = Watchdog(hub)
    return found
