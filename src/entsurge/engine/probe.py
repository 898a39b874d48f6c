"""One visitor who is led by the hand: signs on, opens a page, removes something; nothing is recorded or paced."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from entsurge.audience import profile as profiles
from entsurge.plan.arrivals import VisitPlan
from entsurge.plan.people import population
from entsurge.visit.equipment import Equipment
from entsurge.visit.log import VisitLog
from entsurge.visit.run_context import RunContext
from entsurge.visit.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.audience.devices import Device
    from entsurge.engine.target_access import TargetAccess
    from entsurge.record.schema import Key
    from entsurge.record.transport import Timing
    from entsurge.visit.driver import Account
    from entsurge.visit.outcome import PageResult
    from entsurge.visit.run_context import People

DEADLINE_SECONDS = 30.0


class ProbeRecord:
    """Takes the place of a record: keeps hops, what browsers forgive, and what was created."""

    def __init__(self, forgiven: Counter[str] | None = None) -> None:
        self.hops: list[tuple[str, str, int]] = []
        self.forgiven: Counter[str] = Counter() if forgiven is None else forgiven
        self.made: list[dict[str, Any]] = []

    def page(self, key: Key, corrected_us: int, service_us: int) -> None:
        """Pages are told by whoever opens them."""

    def request(self, key: Key, microseconds: int) -> None:
        """A hop of a sign-on; other requests are not kept."""
        if key.kind == "hop":
            self.hops.append((key.page, key.outcome, microseconds))

    def requests(self, of: Key) -> ProbeRecord:
        """Of those of a page only what was forgiven about their answers is kept."""
        del of
        return self

    def add(self, outcome: str, protocol: str, timing: Timing) -> None:
        """Where the time of requests went is not kept."""

    def forgave(self, outcome: str, reason: str, microseconds: int) -> None:
        """An answer was forgiven something."""
        del outcome, microseconds
        self.forgiven[reason] += 1

    def connection(self, of: Key, protocol: str, how: str, times_us: tuple[int, int, int]) -> None:
        """Nor are connections."""

    def visit(self, row: dict[str, Any]) -> None:
        """There is no visit."""

    def failure(self, t: float, signature: str, row: dict[str, Any]) -> None:
        """Failures are told by whoever opens the page."""

    def created(self, row: dict[str, Any]) -> None:
        """Something was written."""
        self.made.append(row)


class Probe(Visitor):
    """A visitor without a plan."""

    abstract = True

    def __init__(
        self, context: RunContext, persona: str, academy: str, number: int, run: str, device: Device | Literal[""] = ""
    ) -> None:
        super().__init__(SimpleNamespace(entsurge=context, events=SimpleNamespace(), runner=None, host=""))
        self.persona = persona  # type: ignore[misc]  # a scenario has one; who is led may be anybody
        name = f"{persona}/{academy}/{run}/{number}"
        self.plan = VisitPlan(name, persona, academy, number, 0, "check", (), device=device)
        self.log = VisitLog(self.plan, 0, 0)
        self.random = random.Random(self.plan.name)
        self.service, self.action = "sign-on", "sign-on"
        self.client = context.access.client(on_exchange=self._exchange)

    def account(self) -> Account:
        """Whom it signs on as."""
        return self._account(self.run_context)

    def signs_on(self) -> PageResult:
        """Sign on, by the driver."""
        return self.driver.sign_on(self, self.account())

    def opens(self, action: str) -> PageResult:
        """Open one page, by the driver; what the last one asked for in the background is broken off."""
        self.leave_page()
        self.service, self.action = self.driver.actions[action].service, action
        return self.driver.open(self, self.service, action)


def run_context(access: TargetAccess, people: People | None = None, *, run: str = "check") -> RunContext:
    """Surroundings for visitors who are led: the target's accounts, or the sandbox's people."""
    book = access.target.accounts if access.target else None
    return RunContext(
        driver=access.driver, population=people or book or population(profiles.load("lockdown-2020")),
        record=ProbeRecord(), access=access.access.of_run(run), patience={}, deadline_seconds=DEADLINE_SECONDS,
        writable=access.writable, stand_in=access.stand_in,
        equipment={"app": Equipment(access.app)} if access.app else {},
    )  # fmt: skip


def first_of(people: People, persona: str) -> tuple[str, int] | None:
    """The first academy that has somebody of this persona, and the number of the account there."""
    for index, academy in enumerate(people.academy_names):
        try:
            people.person_in_academy(persona, index, 0)
        except (LookupError, ValueError):
            continue
        return academy, 0
    return None


@contextmanager
def probing(
    context: RunContext, persona: str, academy: str, number: int, *, run: str = "check",
    device: Device | Literal[""] = "",
) -> Iterator[Probe]:  # fmt: skip
    """A visitor, whose connections are closed at the end; by app, the target's app is spoken to."""
    made = Probe(context, persona, academy, number, run, device)
    try:
        yield made
    finally:
        made.leave_page()
        made.client.close()
