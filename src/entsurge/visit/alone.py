"""Lets `locust -f scenarios/student.py --host URL` work by itself: visits drawn from the ordinary week."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from entsurge.audience import profile as profiles
from entsurge.audience.shape import PERSONAS
from entsurge.drivers import registry as drivers
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals, VisitPlan
from entsurge.plan.people import groups, population
from entsurge.visit.allow import AllowList
from entsurge.visit.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.audience.shape import Persona
    from entsurge.record.recorder import Key


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


def stage(environment: Any) -> Stage:
    """The surroundings of visits that Locust starts by itself, kept on its environment."""
    host = environment.host
    if not host:
        raise UsageError("no target", hint="locust -f scenarios/student.py --host http://127.0.0.1:PORT")
    ordinary = profiles.load("ordinary-week")
    made = Stage(
        driver=drivers.make("portal", drivers.Setting(host)),
        population=population(ordinary),
        record=LocustRecord(environment),
        allow=AllowList(),
        patience={persona: ordinary.mixes.mix(persona).patience for persona in PERSONAS},
        deadline_seconds=ordinary.file.replay.page_deadline_seconds,
        headers={"User-Agent": "entsurge"},
        zero=time.monotonic(),
    )
    environment.entsurge = made
    environment.entsurge_visits = {persona: _endless(ordinary, persona) for persona in PERSONAS}
    return made


def draw(environment: Any, persona: Persona) -> VisitPlan:
    """The next visit of this persona in the ordinary week."""
    found: VisitPlan = next(environment.entsurge_visits[persona])
    return found


def _endless(profile: profiles.Profile, persona: Persona) -> Iterator[VisitPlan]:
    while True:
        yield from (visit for visit in Arrivals(profile, groups(profile)).window() if visit.persona == persona)
