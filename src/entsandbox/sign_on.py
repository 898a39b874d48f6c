"""What happens to whoever signs on, whichever face they see: waiting room, allowance, password, measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.measures import PASSWORD_CHANGE
from entsandbox.services import SIGN_ON
from entsandbox.state.store import accounts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from entsandbox.directory import Directory
    from entsandbox.load.admission import Admission
    from entsandbox.load.page_service import PageService
    from entsurge.population import Person

    Welcome = Callable[[Person], Awaitable[Response]]
    Again = Callable[[], Awaitable[Response]]

_LONGEST_LOGIN = 100


class SignOn:
    """The way in; faces word it, and decide at which of its steps a full house is noticed."""

    def __init__(self, pages: PageService, *, admission: Admission, directory: Directory, password_cost: int) -> None:
        self._pages, self._admission = pages, admission
        self._directory, self._password_cost = directory, password_cost

    async def greet(self) -> Response | None:
        """Have the waiting room look after a newcomer; its page when they have to wait, none when they need not."""
        refused = await self._pages.greet(self._admission.waiting_room)
        return refused if refused is not None else self.no_place()

    def no_place(self) -> Response | None:
        """The waiting room's page when the house is full, else none."""
        if not self._admission.full:
            return None
        self._pages.telemetry.count(SIGN_ON, "waiting")
        return self._pages.refusals.waiting_room()

    async def admit(self, login: str, password: str, *, welcome: Welcome, again: Again) -> Response:
        """Check a password, at the price of a page: `welcome` for the right one, `again` for a wrong one."""
        login = login.strip()
        person = self._directory.person(login)
        persona = person.persona if person else "none"
        limited = await self._pages.allowed(login[:_LONGEST_LOGIN], SIGN_ON, persona)
        if limited is not None:
            return limited
        cost = self._password_cost
        right = await self._pages.database.run(lambda db: accounts.verify(db, login, password, cost))
        if person is None or not right:
            return await self._pages.serve(SIGN_ON, lambda: _outcome(again(), "denied"), persona=persona)
        refusal = self._admission.refusal(persona)
        if refusal is not None:
            return self._pages.refuse(SIGN_ON, persona, refusal)
        return await self._pages.serve(SIGN_ON, lambda: _outcome(welcome(person), "ok"), persona=persona)

    async def must_renew(self, person: Person) -> bool:
        """Whether somebody who has signed on has to set a new password before they come in."""
        if not self._pages.measures.new_password_wanted():
            return False
        if await self._pages.database.run(lambda db: accounts.renewed(db, person.login)):
            return False
        self._pages.telemetry.effect(PASSWORD_CHANGE, person.persona)
        return True

    async def renew(self, login: str, password: str, *, welcome: Welcome) -> Response:
        """Set somebody's new password, at the price of a page, and let them in."""
        person, cost = self._directory.person(login), self._password_cost
        if person is None:
            raise LookupError(login)
        await self._pages.database.run(lambda db: accounts.renew(db, login, password, cost))
        return await self._pages.serve(SIGN_ON, lambda: _outcome(welcome(person), "ok"), persona=person.persona)


async def _outcome(made: Awaitable[Response], outcome: str) -> tuple[Response, str]:
    return await made, outcome
