"""Lets `locust -f scenarios/student.py --host URL` work by itself: visits drawn from the ordinary week."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from entsurge.audience import profile as profiles
from entsurge.client.access import Access
from entsurge.drivers import registry as drivers
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals, VisitPlan
from entsurge.plan.people import groups, population
from entsurge.visit.run_context import RunContext
from entsurge.visit.visitor import STANDALONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.record.schema import Key
    from entsurge.record.transport import Timing


PROFILE = "ENTSURGE_PROFILE"  # whose week a scenario's visits are drawn from, if not the ordinary one


class LocustRecord:
    """Feeds Locust's own statistics, page by page; keeps nothing else."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment

    def page(self, key: Key, corrected_us: int, service_us: int) -> None:
        """One page view, under its service and action."""
        del corrected_us
        self._fire(f"{key.service} {key.page}", key.persona, service_us, None if key.outcome == "ok" else key.outcome)

    def request(self, key: Key, microseconds: int) -> None:
        """Requests are not shown: a page is what a visitor sees."""

    def requests(self, of: Key) -> LocustRecord:
        """Nor are those of a page."""
        del of
        return self

    def add(self, outcome: str, protocol: str, timing: Timing) -> None:
        """Where the time of requests went is not kept."""

    def forgave(self, outcome: str, reason: str, microseconds: int) -> None:
        """Nor what was forgiven about their answers."""

    def connection(self, of: Key, protocol: str, how: str, times_us: tuple[int, int, int]) -> None:
        """Nor are connections."""

    def visit(self, row: dict[str, Any]) -> None:
        """Visits are not kept without a run directory."""

    def failure(self, t: float, signature: str, row: dict[str, Any]) -> None:
        """Failures are counted by Locust itself."""

    def created(self, row: dict[str, Any]) -> None:
        """What is written on a sandbox needs no clean-up."""

    def _fire(self, name: str, kind: str, microseconds: int, failure: str | None) -> None:
        self.environment.events.request.fire(
            request_type=kind, name=name, response_time=microseconds / 1000, response_length=0,
            exception=RuntimeError(failure) if failure else None, context={},
        )  # fmt: skip


class Standalone:
    """What a scenario needs that Locust runs by itself: made once for each of Locust's environments."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self._context: RunContext | None = None
        self._visits: dict[str, Iterator[VisitPlan]] = {}

    def run_context(self) -> RunContext:
        """Surroundings of visits to Locust's `--host`, on loopback. Raises UsageError without one."""
        if self._context is None:
            self._context = self.environment.entsurge = self._made()
        return self._context

    def draw(self, persona: str) -> VisitPlan:
        """The next visit of this persona in the ordinary week, which begins again when it is over."""
        if persona not in self._visits:
            week = _week()
            if persona not in week.personas:
                hint = f"{PROFILE}=FILE names a profile that has it"
                raise UsageError(profiles.unknown(persona, week.personas), hint=hint)
            self._visits[persona] = _endless(week, persona)
        return next(self._visits[persona])

    def _made(self) -> RunContext:
        host = self.environment.host
        if not host:
            raise UsageError("no target", hint="locust -f scenarios/student.py --host http://127.0.0.1:PORT")
        ordinary = _week()
        return RunContext(
            driver=drivers.make("portal", drivers.Setting(host)),
            population=population(ordinary),
            record=LocustRecord(self.environment),
            access=Access(),
            patience={persona: ordinary.mixes.mix(persona).patience for persona in ordinary.personas},
            personas=ordinary.personas,
            deadline_seconds=ordinary.file.replay.page_deadline_seconds,
            zero=time.monotonic(),
        )


def _week() -> profiles.Profile:
    return profiles.load(os.environ.get(PROFILE) or "ordinary-week")


def _endless(profile: profiles.Profile, persona: str) -> Iterator[VisitPlan]:
    while True:
        yield from (visit for visit in Arrivals(profile, groups(profile)).window() if visit.persona == persona)


def prepare(environment: Any, **_: Any) -> None:
    """Give Locust's environment what scenarios need; a listener of Locust's `init` event."""
    setattr(environment, STANDALONE, Standalone(environment))
