"""Entcore's sign-on: the page, the form, the cookies, the end; and who is signed on.

The session limit is looked at where the page is asked for, and nowhere else, as in `AuthController`: whoever posts
without it comes in.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsandbox.entcore import answers

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.entcore.endpoint import Ask
    from entsandbox.sign_on import SignOn
    from entsandbox.state import Sessions
    from entsurge.population import Person

COOKIE = "oneSessionId"
_ARRIVAL = "/timeline/timeline"
_WRONG = "L'identifiant ou le mot de passe est incorrect."
_TYPES = {"student": "ELEVE", "parent": "PERSRELELEVE", "teacher": "ENSEIGNANT"}
_OTHERS = "PERSEDUCNAT"


class Auth:
    """The routes under `/auth`."""

    def __init__(self, sign_on: SignOn, *, sessions: Sessions) -> None:
        self._sign_on, self._sessions = sign_on, sessions

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/auth/login", self.form, methods=["GET"]),
            Route("/auth/login", self.submit, methods=["POST"]),
            Route("/auth/logout", self.logout, methods=["GET"]),
        ]

    async def form(self, request: Request) -> Response:
        """The page; on to the first application for who is signed on; the page for crowds when there are too many."""
        if await self._sessions.find_portal(request.cookies.get(COOKIE, "")) is not None:
            return RedirectResponse(_ARRIVAL, 302, answers.NO_STORE)
        refused = await self._sign_on.greet()
        return refused if refused is not None else answers.login_page()

    async def submit(self, request: Request) -> Response:
        """The cookies for the right password; the page again, with 200, for the wrong one."""
        async with request.form(max_files=0) as form:
            name, password, callback = (str(form.get(key, "")) for key in ("email", "password", "callBack"))
        return await self._sign_on.admit(
            name.replace("\0", ""),
            password.replace("\0", ""),
            welcome=lambda person: self._welcome(request, person, callback),
            again=_again,
        )

    async def logout(self, request: Request) -> Response:
        """End the session."""
        portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
        if portal is not None:
            await self._sessions.end(portal.session.token)
        response = RedirectResponse("/auth/login", 302, answers.NO_STORE)
        for name in (COOKIE, "authenticated", "XSRF-TOKEN"):
            response.delete_cookie(name)
        return response

    async def _welcome(self, request: Request, person: Person, callback: str) -> Response:
        token = await self._sessions.open_portal(await self._sessions.open(person))
        portal = await self._sessions.find_portal(token)
        response = RedirectResponse(_own(request, callback), 302, answers.NO_STORE)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, secure=secure, samesite="lax")
        response.set_cookie("authenticated", "true", secure=secure, samesite="lax")
        response.set_cookie("XSRF-TOKEN", portal.csrf if portal else "", secure=secure, samesite="lax")
        return response


def userinfo(db: Connection, ask: Ask) -> object:
    """Who is signed on: what proves a sign-on, since a redirect and cookies prove nothing."""
    del db
    person, structures = ask.person, ask.structures
    of_parent = person.rights == "parent"
    children = {
        structures.id_of(child): {"firstName": child.given_name, "lastName": child.family_name}
        for child in (ask.reach.pupils if of_parent else ())
    }
    return {
        "userId": structures.id_of(person),
        "login": person.login,
        "firstName": person.given_name,
        "lastName": person.family_name,
        "username": f"{person.given_name} {person.family_name}",
        "type": _TYPES.get(person.rights, _OTHERS),
        "structures": [structures.structure_of(person)],
        "structureNames": [structures.schools[person.uai].name],
        "uai": [person.uai],
        "classes": list(ask.reach.classes),
        "children": children,
        "apps": [],
        "authorizedActions": [],
        "functions": {},
    }


def same_token(one: str, other: str) -> bool:
    """Whether two tokens are the same, in a time that does not tell how much of them is."""
    return secrets.compare_digest(one.encode(), other.encode())


async def _again() -> Response:
    return answers.login_page(_WRONG)


def _own(request: Request, callback: str) -> str:
    """Where one goes after the sign-on: a page of this host, or the first application."""
    parts = urlsplit(callback)
    own = parts.netloc in ("", request.headers.get("host", "")) and parts.path.startswith("/")
    return callback if own and not callback.startswith("//") and parts.path != "/auth/login" else _ARRIVAL
