"""Sign-on after the CAS protocol, version 2: form, ticket, validation, end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsandbox.portal import markup
from entsandbox.portal.read_routes import set_cookie
from entsandbox.services import SIGN_ON

if TYPE_CHECKING:
    from starlette.requests import Request

    from entsandbox.load.page_service import PageService
    from entsandbox.portal.views import Campus
    from entsandbox.sign_on import SignOn
    from entsandbox.state import Session, State
    from entsurge.population import Person

_COOKIE = "TGC"
_TICKET_SECONDS = 300.0
_FORM_SECONDS = 1_800.0
_WRONG = "Identifiants incorrects"
_SHORTEST_PASSWORD = 8
_UNEQUAL = "Les deux mots de passe diffèrent, ou sont trop courts"
_STALE = "La page de connexion a expiré, merci de recommencer"


class Cas:
    """The routes under `/cas`; tickets go to schools, to authorities, and to `other_paths` of this host."""

    def __init__(
        self,
        campus: Campus,
        sign_on: SignOn,
        pages: PageService,
        *,
        state: State,
        other_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._campus, self._sign_on, self._pages, self._other_paths = campus, sign_on, pages, other_paths
        self._sessions = state.sessions
        self._forms = state.one_time("e1s1", _FORM_SECONDS)
        self._renewals = state.one_time("RN", _FORM_SECONDS)
        self._tickets = state.one_time("ST", _TICKET_SECONDS)

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/cas/login", self.form, methods=["GET"]),
            Route("/cas/login", self.submit, methods=["POST"]),
            Route("/cas/mot-de-passe", self.renew, methods=["POST"]),
            Route("/cas/logout", self.logout, methods=["GET"]),
            Route("/cas/serviceValidate", self.validate, methods=["GET"]),
        ]

    async def form(self, request: Request) -> Response:
        """The form; a ticket at once for who is signed on; the waiting room when there are too many."""
        service = request.query_params.get("service", "")
        if not self._allowed(request, service):
            return self._not_allowed()
        session = await self._sessions.find(request.cookies.get(_COOKIE, ""))
        if session is not None:
            return await self._to_service(request, service, session)
        refused = await self._sign_on.greet()
        if refused is not None:
            return refused
        return await self._form(service)

    async def submit(self, request: Request) -> Response:
        """A ticket for the right password; the form again, with 200, for the wrong one."""
        service = request.query_params.get("service", "")
        if not self._allowed(request, service):
            return self._not_allowed()
        async with request.form() as fields:
            name, password, execution, lt = (
                str(fields.get(key, "")).replace("\0", "") for key in ("username", "password", "execution", "lt")
            )
        if not lt or await self._forms.take(execution) != lt:
            self._pages.telemetry.count(SIGN_ON, "denied")
            return await self._form(service, _STALE)
        return await self._sign_on.admit(
            name,
            password,
            welcome=lambda person: self._welcome(request, service, person),
            again=lambda: self._form(service, _WRONG),
        )

    async def renew(self, request: Request) -> Response:
        """Take a new password, twice the same, from who has just shown the old one; then the ticket."""
        service = request.query_params.get("service", "")
        if not self._allowed(request, service):
            return self._not_allowed()
        async with request.form() as fields:
            renewal, new, again = (
                str(fields.get(key, "")).replace("\0", "") for key in ("renewal", "nouveau", "confirmation")
            )
        login = await self._renewals.take(renewal)
        if login is None:
            return await self._form(service, _STALE)
        if new != again or len(new) < _SHORTEST_PASSWORD:
            return markup.renewal_page(service, await self._renewals.issue(login), _UNEQUAL)
        return await self._sign_on.renew(login, new, welcome=lambda person: self._enter(request, service, person))

    async def logout(self, request: Request) -> Response:
        """End the sign-on and every portal it opened."""
        await self._sessions.end(request.cookies.get(_COOKIE, ""))
        response = markup.notice("Déconnexion", "Vous êtes déconnecté.")
        response.delete_cookie(_COOKIE, path="/cas", httponly=True)
        return response

    async def validate(self, request: Request) -> Response:
        """Whose a ticket is, in XML: once, within five minutes, for the service it was made for."""
        ticket, service = (request.query_params.get(key, "") for key in ("ticket", "service"))
        person = await self.redeem(ticket, service)
        body = _success(person) if person else _failure(ticket)
        return Response(body, media_type="application/xml")

    async def redeem(self, ticket: str, service: str) -> Person | None:
        """Take a ticket back: the person it stands for, or none."""
        session = await self.redeem_session(ticket, service)
        return session.person if session else None

    async def redeem_session(self, ticket: str, service: str) -> Session | None:
        """Take a ticket back: the sign-on it comes from, or none."""
        token, _, made_for = (await self._tickets.take(ticket) or "").partition(" ")
        return await self._sessions.find(token) if made_for and made_for == service else None

    async def knows(self, request: Request) -> bool:
        """Whether the browser that asks is signed on."""
        return await self._sessions.find(request.cookies.get(_COOKIE, "")) is not None

    async def _form(self, service: str, problem: str = "") -> Response:
        lt = f"LT-{secrets.token_urlsafe(16)}"
        return markup.login_page(service, await self._forms.issue(lt), lt, problem)

    async def _welcome(self, request: Request, service: str, person: Person) -> Response:
        if await self._sign_on.must_renew(person):
            return markup.renewal_page(service, await self._renewals.issue(person.login))
        return await self._enter(request, service, person)

    async def _enter(self, request: Request, service: str, person: Person) -> Response:
        session = await self._sessions.open(person)
        response = await self._to_service(request, service, session)
        set_cookie(request, response, _COOKIE, session.token, "/cas")
        return response

    async def _to_service(self, request: Request, service: str, session: Session) -> Response:
        own = f"{request.base_url}etab/{session.person.uai}/"
        address = service or own
        ticket = await self._tickets.issue(f"{session.token} {address}")
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}ticket={ticket}", 302, {"cache-control": "no-store"})

    def _allowed(self, request: Request, service: str) -> bool:
        """Tickets go to this host's portals, and to what else was registered here, and nowhere else."""
        if not service:
            return True
        there, here = urlsplit(service), request.base_url
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            return False
        first, _, rest = there.path.strip("/").partition("/")
        tenant = f"{first}/{rest.partition('/')[0]}"
        known = (
            first == "etab" and tenant.removeprefix("etab/") in self._campus.schools
        ) or tenant in self._campus.authorities
        return known or there.path in self._other_paths

    def _not_allowed(self) -> Response:
        self._pages.telemetry.count(SIGN_ON, "denied")
        return markup.notice("Service non autorisé", "Ce service n'est pas connu de l'ENT.", 403)


def _success(person: Person) -> str:
    attributes = {
        "profil": person.rights,
        "uai": person.uai,
        "nom": person.family_name,
        "prenom": person.given_name,
    }
    listed = "".join(f"<cas:{name}>{escape(value)}</cas:{name}>" for name, value in attributes.items())
    return _envelope(
        f"<cas:authenticationSuccess><cas:user>{escape(person.login)}</cas:user>"
        f"<cas:attributes>{listed}</cas:attributes></cas:authenticationSuccess>"
    )


def _failure(ticket: str) -> str:
    text = f"Le ticket {escape(ticket[:100])} n'est pas reconnu"
    return _envelope(f'<cas:authenticationFailure code="INVALID_TICKET">{text}</cas:authenticationFailure>')


def _envelope(inside: str) -> str:
    return f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>'
