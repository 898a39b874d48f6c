"""The parts of one sandbox, and how a page is served with them."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING

from entsandbox.authorities import authorities
from entsandbox.directory import Directory
from entsandbox.load.session_limit import SessionLimit
from entsandbox.load.waiting_room import WaitingRoom
from entsandbox.load.workers import Overtaken, QueueFull, Resources
from entsandbox.measure_options import text_for
from entsandbox.measures import PRIORITY, ROOM_OVERLOADED, SHORT_SESSIONS, Measures, Refusal
from entsandbox.portal import markup
from entsandbox.portal.live.links import Links
from entsandbox.services import SIGN_ON
from entsandbox.state.allowance import Rate
from entsandbox.state.local import LocalState
from entsandbox.state.shared import SharedState
from entsandbox.state.store import Database, Unavailable, seeding
from entsandbox.state.store.disk import Disk
from entsandbox.telemetry import Telemetry
from entsurge.population import by_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.authorities import Authority
    from entsandbox.settings import Settings
    from entsandbox.state import Session, State
    from entsurge.population import Person, School

_TICKET_SECONDS = 300.0
_FORM_SECONDS = 1_800.0


class Ent:
    """Everything one sandbox holds: people, what they wrote, sessions, measures, capacity.

    `joining` a database that another process has already filled, it shares that process's sessions.
    """

    def __init__(self, settings: Settings, *, admin_token: str = "", joining: bool = False) -> None:
        self.settings = settings
        self.population = settings.population
        self.personas = by_key(settings.personas)
        self.schools: dict[str, School] = {
            school.uai: school for school in map(self.population.school, range(self.population.schools))
        }
        self.authorities = {authority.path: authority for authority in authorities(self.population)}
        self.admin_token = admin_token or secrets.token_urlsafe(32)
        self.secret = hashlib.blake2b(self.admin_token.encode(), person=b"entsandbox").digest()
        self.database = Database(settings.database, pool=settings.pool)
        self.disk = Disk(settings.files_folder)
        if not joining:
            self.database.rebuild()
            seeding.seed(self.database, self.disk, self.population)
        self.resources = Resources(settings)
        self.telemetry = Telemetry()
        self.links = Links(self.secret, settings.live.link_seconds)
        self.directory = Directory(self.population)
        self.state = self._make_state()
        self.measures = Measures(settings, self.state.clock)
        self.limit = SessionLimit(settings, self.state)
        self.waiting_room = WaitingRoom(self.measures.newcomers_per_second, settings.waiting_room_places)
        self.sessions = self.state.sessions
        self.forms = self.state.one_time("e1s1", _FORM_SECONDS)
        self.cas_paths: set[str] = set()  # other paths of this host that tickets may be made for
        self.tickets = self.state.one_time("ST", _TICKET_SECONDS)

    @property
    def full(self) -> bool:
        """Whether newcomers are shown to the waiting room."""
        return not self.settings.unlimited and len(self.sessions) >= self.limit.now

    def portals_of(self, person: Person) -> list[Authority]:
        """The portals above somebody's school: academy and local authority."""
        return [each for each in self.authorities.values() if person.academy in each.academies]

    def not_admitted(self, persona: str) -> Refusal | None:
        """What a newcomer is told whom a measure keeps out; none when they may come in."""
        return self.measures.refusal(persona) or self.measures.no_place(persona, self._present(), self.limit.now)

    def _present(self) -> dict[str, int]:
        """How many of each persona have a session."""
        return {name: self.sessions.present(name) for name in self.personas}

    async def greet(self) -> Response | None:
        """Have the waiting room look after a newcomer; what is answered where it has no place left either."""
        try:
            await self.waiting_room.look_after()
        except QueueFull:
            self.telemetry.count(SIGN_ON, "refused")
            if self.measures.on(ROOM_OVERLOADED):
                self.telemetry.effect(ROOM_OVERLOADED)
            return markup.HangUp() if self.settings.refusal == "close" else markup.room_full(text_for(ROOM_OVERLOADED))
        return None

    async def turn_away(self, person: Person, service: str, *, writing: bool = False) -> Response | None:
        """What stands for a page that is not to be had now: a measure's notice, or 429; none when it is."""
        persona, measures = person.persona, self.measures
        refusal = measures.refusal(persona) or measures.closed(service)
        refusal = refusal or (measures.closed_to_writing(service) if writing else None)
        if refusal is not None:
            return self.refuse(service, persona, refusal)
        wait = await self.state.allowances.spend(person.login)
        if wait:
            self.telemetry.count(service, "limited", persona)
            return markup.too_many(wait)
        return None

    def refuse(self, service: str, persona: str, refusal: Refusal) -> Response:
        """The page of a measure that turns somebody away."""
        self.telemetry.count(service, "closed", persona)
        self.telemetry.effect(refusal.measure, persona)
        return markup.notice("Accès réservé", refusal.text)

    async def page(self, service: str, work: Callable[[Connection], Response], *, persona: str = "none") -> Response:
        """Serve a document that one transaction makes, at its price."""

        async def make() -> tuple[Response, str]:
            response = await self.database.run(work)
            return response, "ok" if response.status_code < 400 else "denied"

        return await self.serve(service, make, persona=persona)

    async def serve(
        self, service: str, make: Callable[[], Awaitable[tuple[Response, str]]], *, persona: str = "none"
    ) -> Response:
        """Serve what `make` makes (a response and its outcome) at a page's price, or refuse it."""
        began = time.perf_counter()
        try:
            async with self.resources.page(service, hurried=self.measures.hurried(service)):
                response, outcome = await make()
        except Overtaken:
            return self.refuse(service, persona, Refusal(PRIORITY, text_for(PRIORITY)))
        except QueueFull:
            self.telemetry.count(service, "refused", persona)
            return markup.HangUp() if self.settings.refusal == "close" else markup.unavailable()
        except Unavailable:
            self.telemetry.count(service, "failed", persona)
            return markup.unavailable()
        self.telemetry.page(service, time.perf_counter() - began)
        self.telemetry.count(service, outcome, persona)
        return response

    async def keep_up(self) -> None:
        """Learn what other processes ordered, end what is due, take the gauges down; called twice a second."""
        try:
            await self.state.keep_up()
            self.measures.follow(await self.state.orders())
            await self.limit.keep_up()
        except Unavailable:
            self.telemetry.count("upkeep", "failed")
        self.sample()

    def sample(self) -> None:
        """Take the gauges down."""
        self.telemetry.sample(self._gauges(), self._present(), self.limit.now, self.measures.on)

    def close(self) -> None:
        """Let go of the database and of temporary files."""
        self.database.close()
        self.disk.close()

    def _make_state(self) -> State:
        rate = Rate(self.settings.allowance_per_minute, self.settings.burst)
        if self.database.shared:
            return SharedState(
                self.database, self.population, self._idle_seconds, self.directory.reach, rate, on_silence=self._silent
            )
        return LocalState(self._idle_seconds, self.directory.reach, rate, self._silent)

    def _idle_seconds(self) -> float:
        return self.measures.idle_seconds()

    def _silent(self, session: Session) -> None:
        if self.measures.on(SHORT_SESSIONS):
            self.telemetry.effect(SHORT_SESSIONS, session.person.persona)

    def _gauges(self) -> Mapping[str, float]:
        workers, pool = self.resources.workers, self.resources.pool
        return {
            "workers": workers.count,
            "workers_busy": workers.busy,
            "queue": workers.queue,
            "pool": pool.count,
            "pool_busy": pool.busy,
            "pool_waiting": pool.queue,
            "waiting_room_queue": self.waiting_room.queue,
            "database_busy": self.database.busy,
            "database_waiting": self.database.waiting,
        }
