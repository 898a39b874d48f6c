"""Documents at a page's price, and what stands for them when they are not to be had; worded as one face words it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from entsandbox.load.refusals import HangUp
from entsandbox.load.workers import Overtaken, QueueFull
from entsandbox.measure_options import text_for
from entsandbox.measures import PRIORITY, ROOM_OVERLOADED, Refusal
from entsandbox.services import SIGN_ON
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.load.refusals import Refusals
    from entsandbox.load.waiting_room import WaitingRoom
    from entsandbox.load.workers import Resources
    from entsandbox.measures import Measures
    from entsandbox.state.state import Allowances
    from entsandbox.state.store import Database
    from entsandbox.telemetry import Telemetry
    from entsurge.population import Person


class PageService:
    """Serves the pages of one face; `hangs_up` when a full queue closes the connection."""

    def __init__(
        self,
        refusals: Refusals,
        *,
        resources: Resources,
        database: Database,
        measures: Measures,
        telemetry: Telemetry,
        allowances: Allowances,
        hangs_up: bool,
    ) -> None:
        self.refusals, self.measures, self.telemetry, self.database = refusals, measures, telemetry, database
        self._resources, self._allowances, self._hangs_up = resources, allowances, hangs_up

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
            async with self._resources.page(service, hurried=self.measures.hurried(service)):
                response, outcome = await make()
        except Overtaken:
            return self.refuse(service, persona, Refusal(PRIORITY, text_for(PRIORITY)))
        except QueueFull:
            self.telemetry.count(service, "refused", persona)
            return self._full(self.refusals.unavailable())
        except Unavailable:
            self.telemetry.count(service, "failed", persona)
            return self.refusals.unavailable()
        self.telemetry.page(service, time.perf_counter() - began)
        self.telemetry.count(service, outcome, persona)
        return response

    async def answer(self, service: str, work: Callable[[Connection], Response], persona: str) -> Response:
        """Serve a document at its service's price; without a worker where it has no service, or a measure says so."""
        static = self.measures.static(service) if service else None
        if service and static is None:
            return await self.page(service, work, persona=persona)
        if static is not None:
            self.telemetry.effect(static, persona)
        return await self.light(service or "xhr", work, persona=persona)

    async def light(self, route: str, work: Callable[[Connection], Response], *, persona: str = "none") -> Response:
        """Serve what one transaction makes without a worker: a page's background request."""
        try:
            response = await self.database.run(work)
        except Unavailable:
            self.telemetry.count(route, "failed", persona)
            return self.refusals.unavailable()
        self.telemetry.count(route, "ok" if response.status_code < 400 else "denied", persona)
        return response

    async def turn_away(
        self, person: Person, service: str, *, writing: bool = False, spends: bool = True
    ) -> Response | None:
        """What stands for a page that is not to be had now: a measure's notice, or a wait; none when it is.

        `spends` says whether it counts against the account's allowance.
        """
        refusal = self.measures.refusal(person.persona) or self.measures.closed(service)
        refusal = refusal or (self.measures.closed_to_writing(service) if writing else None)
        if refusal is not None:
            return self.refuse(service, person.persona, refusal)
        return await self.allowed(person.login, service, person.persona) if spends else None

    async def allowed(self, login: str, service: str, persona: str) -> Response | None:
        """Spend of an account's allowance; what is answered when it is spent, else none."""
        wait = await self._allowances.spend(login)
        if not wait:
            return None
        self.telemetry.count(service, "limited", persona)
        return self.refusals.too_many(wait)

    def refuse(self, service: str, persona: str, refusal: Refusal) -> Response:
        """The page of a measure that turns somebody away."""
        self.telemetry.count(service, "closed", persona)
        self.telemetry.effect(refusal.measure, persona)
        return self.refusals.closed(refusal.text)

    async def greet(self, waiting_room: WaitingRoom) -> Response | None:
        """Have the waiting room look after a newcomer; what is answered where it has no place left either."""
        try:
            await waiting_room.look_after()
        except QueueFull:
            self.telemetry.count(SIGN_ON, "refused")
            if self.measures.on(ROOM_OVERLOADED):
                self.telemetry.effect(ROOM_OVERLOADED)
            return self._full(self.refusals.room_full(text_for(ROOM_OVERLOADED)))
        return None

    def _full(self, otherwise: Response) -> Response:
        return HangUp(otherwise) if self._hangs_up else otherwise
