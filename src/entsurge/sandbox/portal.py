"""The schools' portals: entering with a ticket, and reading pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsurge.sandbox import markup
from entsurge.sandbox.services import BY_PATH, Service
from entsurge.sandbox.writing import form_of

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

    from entsurge.sandbox.ent import Ent
    from entsurge.sandbox.sessions import PortalSession
    from entsurge.sandbox.signon import SignOn

COOKIE = "ENTSESSION"


class Portal:
    """What is read under `/etab/{uai}`."""

    def __init__(self, ent: Ent, sign_on: SignOn) -> None:
        self._ent = ent
        self._sign_on = sign_on

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/etab/{uai}/", self.enter, methods=["GET"]),
            Route("/etab/{uai}/{path}", self.page, methods=["GET"]),
            Route("/etab/{uai}/{path}/{entry:int}", self.page, methods=["GET"]),
        ]

    async def enter(self, request: Request) -> Response:
        """Exchange a ticket for a session of this portal; without one, go and sign on."""
        uai = request.path_params["uai"]
        if uai not in self._ent.schools:
            return unknown_page()
        session = self._sign_on.redeem_session(request.query_params.get("ticket", ""), _address(request))
        if session is None:
            return self._inside(uai) if self._known(request) else self._to_sign_on(request)
        if session.person.uai != uai:
            return markup.notice("Accès refusé", "Vous n'avez pas de compte dans cet établissement.", 403)
        token = self._ent.sessions.open_portal(session, self._ent.audiences(session.person))
        response = self._inside(uai)
        response.set_cookie(COOKIE, token, path=f"/etab/{uai}", httponly=True, samesite="lax")
        return response

    async def page(self, request: Request) -> Response:
        """A page of a service, or one of its entries."""
        service = BY_PATH.get(request.path_params["path"])
        if service is None or request.path_params["uai"] not in self._ent.schools:
            return unknown_page()
        portal = self._known(request)
        if portal is None:
            return self._to_sign_on(request)
        turned_away = turn_away(self._ent, portal, service)
        if turned_away is not None:
            return turned_away
        if self._ent.measures.static(service.name):
            self._ent.telemetry.count(service.name, "ok")
            school = self._ent.schools[portal.person.uai]
            return markup.portal_page(portal, school, service, calls=False)
        return await self._ent.page(service.name, lambda _: self._read(request, portal, service))

    def _read(self, request: Request, portal: PortalSession, service: Service) -> Response:
        uai, store = portal.person.uai, self._ent.store
        form = form_of(service, portal.person, request.path_params.get("entry"))
        if "entry" not in request.path_params:
            entries = store.latest(uai, service.name, portal.audiences)
            return markup.portal_page(portal, self._ent.schools[uai], service, entries=entries, form=form)
        entry = store.one(uai, service.name, request.path_params["entry"])
        if entry is None or not portal.may_read(entry.audience, entry.author):
            return unknown_page()
        return markup.portal_page(portal, self._ent.schools[uai], service, entry=entry, form=form)

    def _known(self, request: Request) -> PortalSession | None:
        return portal_session(self._ent, request)

    @staticmethod
    def _inside(uai: str) -> Response:
        return RedirectResponse(f"/etab/{uai}/accueil", 302, {"cache-control": "no-store"})

    @staticmethod
    def _to_sign_on(request: Request) -> Response:
        target = f"/cas/login?service={quote(_address(request), safe='')}"
        return RedirectResponse(target, 302, {"cache-control": "no-store"})


def portal_session(ent: Ent, request: HTTPConnection) -> PortalSession | None:
    """The session of a request's cookie, if it is one of the school in its path."""
    portal = ent.sessions.find_portal(request.cookies.get(COOKIE, ""))
    return portal if portal and portal.person.uai == request.path_params["uai"] else None


def turn_away(ent: Ent, portal: PortalSession, service: Service) -> Response | None:
    """The page that stands for another while a measure is on; none when the page is open."""
    refusal = ent.measures.refusal(portal.person.persona)
    closed = ent.measures.closed(service.name)
    if refusal is None and closed is None:
        return None
    ent.telemetry.count(service.name, "closed")
    return markup.notice("Accès réservé" if refusal else "Page fermée", refusal or closed or "")


def unknown_page() -> Response:
    """What answers where there is nothing to read."""
    return markup.notice("Page inconnue", "Cette page n'existe pas.", 404)


def _address(request: Request) -> str:
    """The portal's address, which tickets are made for."""
    return f"{request.base_url}etab/{request.path_params['uai']}/"
