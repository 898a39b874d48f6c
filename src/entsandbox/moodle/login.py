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
CHANGE = "/login/change_password.php"
_TOKEN_SECONDS = 1_800.0
_WRONG = "Invalid login, please try again"
_STALE = "Your session has timed out. Please log in again."


class Login:
    """The routes under `/login`."""

    def __init__(self, sign_on: SignOn, *, state: State) -> None:
        self._sign_on, self._sessions = sign_on, state.sessions
        self._tokens = state.one_time("login", _TOKEN_SECONDS)
        self._renewals = state.one_time("RN", _TOKEN_SECONDS)

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/login/index.php", self.form, methods=["GET"]),
            Route("/login/index.php", self.submit, methods=["POST"]),
            Route(CHANGE, self.change, methods=["GET"]),
            Route(CHANGE, self.set_new, methods=["POST"]),
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

    async def change(self, request: Request) -> Response:
        """The form of a new password, for whoever has to set one before anything else."""
        login = await self._renewals.take(request.cookies.get(COOKIE, ""))
        return await self._change_form(request, login) if login is not None else answers.to("/login/index.php")

    async def set_new(self, request: Request) -> Response:
        """Take the new password, twice the same, from who has just shown the old one; then they are in."""
        async with request.form(max_files=0) as form:
            old, new, again = (str(form.get(key, "")) for key in ("password", "newpassword1", "newpassword2"))
        login = await self._renewals.take(request.cookies.get(COOKIE, ""))
        if login is None:
            return answers.to("/login/index.php")
        if not old or not new or new != again:
            return await self._change_form(request, login, "Les mots de passe diffèrent.")
        return await self._sign_on.renew(
            login, new.replace("\0", ""), welcome=lambda person: self._enter(request, person)
        )

    async def _welcome(self, request: Request, person: Person) -> Response:
        if await self._sign_on.must_renew(person):
            return self._kept(request, answers.to(CHANGE), await self._renewals.issue(person.login))
        return await self._enter(request, person)

    async def _enter(self, request: Request, person: Person) -> Response:
        token = await self._sessions.open_portal(await self._sessions.open(person))
        return self._kept(request, answers.to("/login/index.php?testsession=1"), token)

    @staticmethod
    def _kept(request: Request, response: Response, token: str) -> Response:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, secure=secure, samesite="lax")
        return response

    async def _change_form(self, request: Request, login: str, problem: str = "") -> Response:
        said = f'<div class="alert alert-danger">{problem}</div>' if problem else ""
        fields = answers.hidden(id="1") + '<input type="hidden" name="_qf__login_change_password_form" value="1">'
        typed = "".join(
            f'<input type="password" name="{name}">' for name in ("password", "newpassword1", "newpassword2")
        )
        form = f'{said}<form action="{CHANGE}" method="post" class="mform">{fields}{typed}<button>OK</button></form>'
        page = answers.document("Changer le mot de passe", form)
        return self._kept(request, page, await self._renewals.issue(login))

    async def _form(self, problem: str = "") -> Response:
        said = f'<div class="alert" id="loginerrormessage">{problem}</div>' if problem else ""
        fields = answers.hidden(anchor="", logintoken=await self._tokens.issue("login"))
        form = (
            f'{said}<form id="login" action="/login/index.php" method="post">{fields}'
            '<input type="text" name="username" id="username"><input type="password" name="password" id="password">'
            '<button type="submit" id="loginbtn">Connexion</button></form>'
        )
        return answers.document("Connexion", form)
