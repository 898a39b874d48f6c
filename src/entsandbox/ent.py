"""The parts of one sandbox: what is made of its settings, and kept up while it serves."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from entsandbox.directory import Directory
from entsandbox.load.admission import Admission
from entsandbox.load.page_service import PageService
from entsandbox.load.session_limit import SessionLimit
from entsandbox.load.waiting_room import WaitingRoom
from entsandbox.load.workers import Resources
from entsandbox.measures import SHORT_SESSIONS, Measures
from entsandbox.sign_on import SignOn
from entsandbox.state.allowance import Rate
from entsandbox.state.local import LocalState
from entsandbox.state.shared import SharedState
from entsandbox.state.store import Database, Unavailable, seeding
from entsandbox.state.store.disk import Disk
from entsandbox.telemetry import Telemetry
from entsandbox.updates import Updates
from entsurge.population import by_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsandbox.load.refusals import Refusals
    from entsandbox.settings import Settings
    from entsandbox.state import Session, State
    from entsurge.population import School


class Ent:
    """Everything one sandbox holds: people, what they wrote, sessions, measures, capacity; each face gets some of it.

    `joining` a database that another process has already filled, it shares that process's sessions.
    """

    def __init__(self, settings: Settings, *, admin_token: str = "", joining: bool = False) -> None:
        self.settings = settings
        self.population = settings.population
        self.personas = by_key(settings.personas)
        self.schools: dict[str, School] = {
            school.uai: school for school in map(self.population.school, range(self.population.schools))
        }
        self.admin_token = admin_token or secrets.token_urlsafe(32)
        self.database = Database(settings.database, pool=settings.pool)
        self.disk = Disk(settings.files_folder)
        if not joining:
            self.database.rebuild()
            seeding.seed(self.database, self.disk, self.population)
        self.resources = Resources(settings)
        self.telemetry = Telemetry()
        self.directory = Directory(self.population)
        self.state = self._make_state()
        self.measures = Measures(settings, self.state.clock)
        self.updates = Updates(
            self.measures, self.telemetry, self.directory, clock=self.state.clock,
            parents_wait_seconds=settings.parents_marks_hours * 3_600 / settings.compression,
        )  # fmt: skip
        self.sessions = self.state.sessions
        self.admission = Admission(
            sessions=self.sessions,
            limit=SessionLimit(settings, self.state),
            measures=self.measures,
            waiting_room=WaitingRoom(self.measures.newcomers_per_second, settings.waiting_room_places),
            personas=self.personas,
            unlimited=settings.unlimited,
        )

    def pages(self, refusals: Refusals) -> PageService:
        """The pages of a face that words its refusals so."""
        return PageService(
            refusals,
            resources=self.resources,
            database=self.database,
            measures=self.measures,
            telemetry=self.telemetry,
            allowances=self.state.allowances,
            hangs_up=self.settings.refusal == "close",
        )

    def sign_on(self, pages: PageService) -> SignOn:
        """The way in behind a face's pages."""
        return SignOn(
            pages, admission=self.admission, directory=self.directory, password_cost=self.settings.password_cost
        )

    async def keep_up(self) -> None:
        """Learn what other processes ordered, end what is due, take the gauges down; called twice a second."""
        try:
            await self.state.keep_up()
            self.measures.follow(await self.state.orders())
            await self.admission.limit.keep_up()
            await self.updates.keep_up(self.database)
        except Unavailable:
            self.telemetry.count("upkeep", "failed")
        self.sample()

    def sample(self) -> None:
        """Take the gauges down."""
        admission = self.admission
        self.telemetry.sample(self._gauges(), admission.present(), admission.limit.now, self.measures.on)

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
            "waiting_room_queue": self.admission.waiting_room.queue,
            "database_busy": self.database.busy,
            "database_waiting": self.database.waiting,
        }
