"""The portals of academies and local authorities: public news and schools, and a way in for their own people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsandbox.portal import markup
from entsandbox.portal.read_routes import address, key_of, set_cookie, unknown_page
from entsandbox.portal.views.view import Article, Item, Section, View, day
from entsandbox.state.store import news

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.authorities import Authority
    from entsandbox.load.page_service import PageService
    from entsandbox.portal.cas import Cas
    from entsandbox.portal.views import Campus
    from entsandbox.state import Sessions
    from entsurge.population import School

COOKIE = "ENTPORTAL"
_SERVICE = "news"
_ROOTS = ("/academie/{slug}/", "/collectivite/{slug}/")


class AuthorityPortals:
    """What is read under `/academie/{slug}` and `/collectivite/{slug}`."""

    def __init__(self, campus: Campus, cas: Cas, pages: PageService, *, sessions: Sessions) -> None:
        self._campus, self._cas, self._pages, self._sessions = campus, cas, pages, sessions

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route(root + path, handler, methods=["GET"])
            for root in _ROOTS
            for path, handler in (("", self.home), ("actualites", self.home), ("actualites/{key:int}", self.home))
        ]

    async def home(self, request: Request) -> Response:
        """The portal's page, one piece of its news, or the exchange of a ticket for a session."""
        authority = self._campus.authorities.get("/".join(request.url.path.split("/")[1:3]))
        if authority is None:
            return unknown_page()
        if "ticket" in request.query_params:
            return await self._enter(request, authority)
        refusal = self._pages.measures.closed(_SERVICE)
        persona = await self._persona(request, authority)
        if refusal is not None:
            return self._pages.refuse(_SERVICE, persona or "none", refusal)
        schools = self._schools(authority)
        sign_on = "" if persona else f"/cas/login?service={quote(address(request), safe='')}"

        def make(db: Connection) -> Response:
            view = _view(db, authority, key_of(request))
            if view is None:
                return unknown_page()
            return markup.tenant_page(authority, schools, view, persona=persona, sign_on=sign_on)

        return await self._pages.page(_SERVICE, make, persona=persona or "none")

    async def _enter(self, request: Request, authority: Authority) -> Response:
        session = await self._cas.redeem_session(request.query_params["ticket"], address(request))
        if session is None:
            return RedirectResponse(f"/cas/login?service={quote(address(request), safe='')}", 302)
        if session.person.academy not in authority.academies:
            return markup.notice("Accès refusé", "Ce portail n'est pas celui de votre académie.", 403)
        response = RedirectResponse(f"/{authority.path}/", 302, {"cache-control": "no-store"})
        token = await self._sessions.open_portal(session)
        set_cookie(request, response, COOKIE, token, f"/{authority.path}")
        return response

    async def _persona(self, request: Request, authority: Authority) -> str:
        """Who reads, if they have signed on here; empty for the public."""
        portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
        return portal.person.persona if portal and portal.person.academy in authority.academies else ""

    def _schools(self, authority: Authority) -> list[School]:
        return [school for school in self._campus.schools.values() if school.academy in authority.academies]


def _view(db: Connection, authority: Authority, key: int | None) -> View | None:
    if key is not None:
        found = news.one(db, authority.path, key, reader=None)
        if found is None:
            return None
        return View(article=Article(found.id, found.title, (found.content,), day(found.at)))
    latest = news.latest(db, authority.path, reader=None)
    root = f"/{authority.path}/actualites"
    return View([Section([Item(each.title, f"{root}/{each.id}", day(each.at)) for each in latest], "Actualités")])
