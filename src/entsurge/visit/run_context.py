"""What the visitors of a process share: target, driver, people, recorder, clock. Set once, before the first visit."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from entsurge.audience.persona import SHIPPED, Persona, by_key
from entsurge.visit.equipment import Equipment
from entsurge.visit.presence import Presence, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.audience.shape import Patience
    from entsurge.client.access import Access
    from entsurge.client.allow_list import AllowList
    from entsurge.plan.comeback import Comeback
    from entsurge.record.schema import Cohort, Key, OutcomeName
    from entsurge.record.transport import Timing
    from entsurge.visit.driver import Driver

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class Person(Protocol):
    """An account's owner, synthetic or of a target's own accounts."""

    @property
    def login(self) -> str:
        """The name to sign on with."""
        ...

    @property
    def password(self) -> str:
        """The password."""
        ...

    @property
    def school(self) -> Any:
        """The school, by number or by name."""
        ...

    @property
    def uai(self) -> str:
        """The school's own code, which portals are addressed by."""
        ...


class People(Protocol):
    """Whom visitors sign on as."""

    @property
    def academy_names(self) -> Sequence[str]:
        """The academies in their order."""
        ...

    def person_in_academy(self, persona: str, academy: int, index: int, /) -> Person:
        """The nth account of a persona in an academy."""
        ...

    def count(self, persona: str, /) -> int:
        """How many accounts a persona has."""
        ...


class RequestsRecord(Protocol):
    """Where the requests of a page are noted."""

    def add(self, outcome: OutcomeName, protocol: str, timing: Timing) -> None:
        """A request came to this outcome; `protocol` is empty where nothing was answered."""
        ...

    def forgave(self, outcome: OutcomeName, reason: str, microseconds: int) -> None:
        """One of them was answered in a way that a strict reader would have refused."""
        ...


class Record(Protocol):
    """What a visit needs of a recorder."""

    def page(self, key: Key, corrected_us: int, service_us: int) -> None:
        """One page view."""
        ...

    def request(self, key: Key, microseconds: int) -> None:
        """One request."""
        ...

    def requests(self, of: Key) -> RequestsRecord:
        """Where the requests of a page are noted; the key's outcome does not count."""
        ...

    def connection(self, of: Key, protocol: str, how: str, times_us: tuple[int, int, int]) -> None:
        """A connection was made."""
        ...

    def visit(self, row: dict[str, Any]) -> None:
        """One finished visit."""
        ...

    def failure(self, t: float, signature: str, row: dict[str, Any]) -> None:
        """One example of a failure."""
        ...

    def created(self, row: dict[str, Any]) -> None:
        """Something written on the target."""
        ...


@dataclass
class RunContext:
    """The shared surroundings of every visit in this process."""

    driver: Driver
    population: People
    record: Record
    access: Access
    patience: Mapping[str, Patience]
    deadline_seconds: float
    zero: float = 0.0
    writable: frozenset[str] | None = None  # services that may be written to; None for all (the sandbox)
    stand_in: Mapping[str, str] = field(default_factory=dict)  # services that the product lacks, and what is opened
    quiet_until_us: int = 0  # an edge has asked for silence until this µs of run time
    phases: list[tuple[str, int, int]] = field(default_factory=list)
    parts: list[tuple[str, int, int]] = field(default_factory=list)  # baseline, fault, recovery; none without a fault
    presence: Presence = field(default_factory=lambda: Presence(Span(0, 0)))
    lags_us: list[int] = field(default_factory=list)
    accounts_in_use: set[tuple[str, str, int]] = field(default_factory=set)
    limits: Counter[str] = field(default_factory=Counter)  # what the generator itself lacked, and how often
    comeback: Comeback | None = None  # who tries again after a failure, and when
    returning_share: float = 0.0  # of the visits, whose browser was there before
    control_share: float = 0.0  # of the visits, which faults at an edge leave alone
    cuts_short: bool = False  # this process goes before its visits are over: what they miss is not the target's fault
    unreachable: int = 0
    answers: int = 0
    personas: Mapping[str, Persona] = field(default_factory=lambda: by_key(SHIPPED))
    equipment: Mapping[str, Equipment] = field(default_factory=dict)  # by device; none where visits have no device

    def __post_init__(self) -> None:
        self.presence.counts.update(dict.fromkeys(self.personas, 0))

    def equipped(self, device: str) -> Equipment:
        """What a visit by this device comes with; without devices, the run's driver alone."""
        return self.equipment.get(device) or Equipment(self.driver)

    def driver_of(self, device: str) -> Driver:
        """The driver of a device."""
        found = self.equipment.get(device)
        return self.driver if found is None else found.driver

    @property
    def allow(self) -> AllowList:
        """Where visitors may connect to."""
        return self.access.allow

    @property
    def run_name(self) -> str:
        """The run's name as its requests carry it, cut to what may stand in any address; empty for none."""
        return _UNFIT.sub("-", self.access.run)[:40]

    def phase_at(self, due_us: int, visit_phase: str) -> str:
        """The phase of a page due at this µs of run time; the visit's own where no phases are known."""
        for name, begin_us, end_us in self.phases:
            if begin_us <= due_us < end_us:
                return name
        return self.phases[-1][0] if self.phases else visit_phase

    def part_at(self, due_us: int) -> str:
        """The part of the window that faults cut it into, at this µs of run time; empty where there is none."""
        return next((name for name, begin_us, end_us in self.parts if begin_us <= due_us < end_us), "")

    def may_write(self, service: str) -> bool:
        """Whether this run may write to a service of the target."""
        return self.writable is None or service in self.writable

    def returns(self, visit: str) -> bool:
        """Whether a visit's browser was there before, by the visit's name alone."""
        return bool(self.returning_share) and crc32(b"returning " + visit.encode()) / 2**32 < self.returning_share

    def cohort(self, visit: str) -> Cohort:
        """`control` or `exposed`, by the visit's name alone; everybody is `control` where no share is set aside."""
        if not self.control_share:
            return "control"
        return "control" if crc32(visit.encode()) / 2**32 < self.control_share else "exposed"

    def now_us(self) -> int:
        """µs of run time since the run's zero."""
        return int((time.monotonic() - self.zero) * 1e6)
