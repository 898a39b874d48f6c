"""The parts of one sandbox, and how a page is served with them."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from entsurge.sandbox import markup
from entsurge.sandbox.entries import Store
from entsurge.sandbox.furnish import furnish
from entsurge.sandbox.measures import Measures
from entsurge.sandbox.sessions import Sessions
from entsurge.sandbox.store import Database, Unavailable, seeding
from entsurge.sandbox.store.disk import Disk
from entsurge.sandbox.telemetry import Telemetry
from entsurge.sandbox.tickets import OneTime
from entsurge.sandbox.workers import QueueFull, Resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsurge.population import Person, School
    from entsurge.sandbox.settings import Settings

_TICKET_SECONDS = 300.0
_FORM_SECONDS = 1_800.0


class Ent:
    """Everything one sandbox holds: people, entries, sessions, measures, capacity."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.population = settings.population
        schools = map(self.population.school, range(self.population.schools))
        self.schools: dict[str, School] = {school.uai: school for school in schools}
        self.store = Store()
        self.store.fill(furnish(self.population))
        self.database = Database(settings.database, pool=settings.pool)
        self.disk = Disk(settings.files_folder)
        self.database.rebuild()
        seeding.seed(self.database, self.disk, self.population)
        self.measures = Measures(settings)
        self.sessions = Sessions(self.measures.idle_seconds)
        self.forms = OneTime[str]("e1s1", _FORM_SECONDS)
        self.tickets = OneTime["tuple[str, str]"]("ST", _TICKET_SECONDS)
        self.resources = Resources(settings)
        self.telemetry = Telemetry(self.resources, self.sessions)
        self.admin_token = secrets.token_urlsafe(32)

    @property
    def full(self) -> bool:
        """Whether newcomers are shown to the waiting room."""
        return not self.settings.unlimited and len(self.sessions) >= self.settings.session_limit

    def audiences(self, person: Person) -> tuple[str, ...]:
        """Whose entries a person may read: everyone's, their persona's, their classes' and their own."""
        children = (self.population.person("student", child) for child in person.children)
        classes = person.classes + tuple(name for child in children for name in child.classes)
        return ("tous", person.persona, person.login, *classes)

    async def page(self, service: str, work: Callable[[Connection], Response], outcome: str = "ok") -> Response:
        """Serve a document at its price, in one transaction: a worker, a connection, or a refusal."""
        began = time.perf_counter()
        try:
            async with self.resources.page(service):
                response = await self.database.run(work)
        except (QueueFull, Unavailable) as refusal:
            self.telemetry.count(service, "refused" if isinstance(refusal, QueueFull) else "failed")
            return markup.unavailable()
        self.telemetry.page(service, time.perf_counter() - began)
        self.telemetry.count(service, outcome)
        return response
