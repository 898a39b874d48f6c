"""Moodle's sign-on: a form with a login token, a cookie, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from entsandbox.moodle import answers

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from entsandbox.sign_on import SignOn
    from entsandbox.state import State
    from entsurge.population import Person

COOKIE = "MoodleSession"
_TOKEN_SECONDS = 1_800.0
_WRONG = "Invalid login, please try again"
_STALE = "Your session has timed out. Please log in again."


class Login:
    """The routes under `/login`."""

    def __init__(self, sign_on: SignOn, *, state: State) -> None:
        self._sign_on, self._sessions = sign_on, state.sessions
        self._tokens = state.one_time("login", _TOKEN_SECONDS)

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/login/index.php", self.form, methods=["GET"]),
            Route("/login/index.php", self.submit, methods=["POST"]),
            Route("/login/logout.php", self.logout, methods=["GET"]),
        ]

    async def form(self, request: Request) -> Response:
        """The form; the dashboard for who is signed on; the proxy's page when there are too many."""
        if await self._sessions.find_portal(request.cookies.get(COOKIE, "")) is not None:
            return answers.to("/my/")
        refused = await self._sign_on.greet()
        return refused if refused is not None else await self._form()

    async def submit(self, request: Request) -> Response:
        """The cookie for the right password; the form again, with 200, for a wrong one or an old token."""
        async with request.form(max_files=0) as form:
            token, name, password = (str(form.get(key, "")) for key in ("logintoken", "username", "password"))
        if await self._tokens.take(token) is None:
            return await self._form(_STALE)
        return await self._sign_on.admit(
            name.replace("\0", ""),
            password.replace("\0", ""),
            welcome=lambda person: self._welcome(request, person),
            again=lambda: self._form(_WRONG),
        )

    async def logout(self, request: Request) -> Response:
        """End the session, with its key; without it one stays where one was."""
        portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
        if portal is not None:
            if request.query_params.get("sesskey") != answers.sesskey(portal):
                return answers.to("/my/")
            await self._sessions.end(portal.session.token)
        response = answers.to("/")
        response.delete_cookie(COOKIE)
        return response

    async def _welcome(self, request: Request, person: Person) -> Response:
        token = await self._sessions.open_portal(await self._sessions.open(person))
        response = answers.to("/login/index.php?testsession=1")
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, secure=secure, samesite="lax")
        return response

    async def _form(self, problem: str = "") -> Response:
        said = f'<div class="alert" id="loginerrormessage">{problem}</div>' if problem else ""
        fields = answers.hidden(anchor="", logintoken=await self._tokens.issue("login"))
        form = (
            f'{said}<form id="login" action="/login/index.php" method="post">{fields}'
            '<input type="text" name="username" id="username"><input type="password" name="password" id="password">'
            '<button type="submit" id="loginbtn">Connexion</button></form>'
        )
        return answers.document("Connexion", form)
