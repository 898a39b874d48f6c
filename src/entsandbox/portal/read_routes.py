"""The schools' portals: entering with a ticket, reading pages, fetching files."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from entsandbox.portal import markup
from entsandbox.portal.views import MORE_READERS, READERS, Asked, Campus, View, downloads
from entsandbox.services import BY_NAME, BY_PATH, Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection
    from starlette.requests import HTTPConnection, Request

    from entsandbox.load.page_service import PageService
    from entsandbox.portal.cas import Cas
    from entsandbox.portal.views import Reader
    from entsandbox.state import PortalSession, Sessions
    from entsandbox.state.store.attachments import Upload
    from entsandbox.state.store.disk import Disk

    Finder = Callable[[Connection, Asked], Upload | None]
    Handler = Callable[[Request], Awaitable[Response]]

COOKIE = "ENTSESSION"
_ROOT = "/etab/{uai}/"
_LARGEST_KEY = 2**31 - 1


class Portal:
    """What is read under `/etab/{uai}`."""

    def __init__(self, campus: Campus, cas: Cas, pages: PageService, *, sessions: Sessions, disk: Disk) -> None:
        self._campus, self._cas, self._pages = campus, cas, pages
        self._sessions, self._disk = sessions, disk

    def routes(self) -> list[Route]:
        """What it answers."""
        more = [
            Route(_ROOT + path.replace("{key}", "{key:int}"), self._reading(name, reader), methods=["GET"])
            for path, (name, reader) in MORE_READERS.items()
        ]
        return [
            Route(_ROOT, self.enter, methods=["GET"]),
            *more,
            Route(_ROOT + "fichiers/{key:int}/contenu", self._fetching(downloads.of_file), methods=["GET"]),
            Route(_ROOT + "pieces/{key:int}", self._fetching(downloads.of_attachment), methods=["GET"]),
            Route(_ROOT + "{path}", self.page, methods=["GET"]),
            Route(_ROOT + "{path}/{key:int}", self.page, methods=["GET"]),
        ]

    async def enter(self, request: Request) -> Response:
        """Exchange a ticket for a session of this portal; without one, go and sign on."""
        uai = request.path_params["uai"]
        if uai not in self._campus.schools:
            return unknown_page()
        session = await self._cas.redeem_session(request.query_params.get("ticket", ""), address(request))
        if session is None:
            inside = await portal_session(self._sessions, request)
            return self._inside(uai) if inside else to_sign_on(request)
        if session.person.uai != uai:
            return no_account()
        token = await self._sessions.open_portal(session)
        response = self._inside(uai)
        set_cookie(request, response, COOKIE, token, f"/etab/{uai}")
        return response

    async def page(self, request: Request) -> Response:
        """A page of a service, or one of its entries."""
        service = BY_PATH.get(request.path_params["path"])
        if service is None:
            return unknown_page()
        return await self._read(request, service, READERS[service.name])

    def _reading(self, name: str, reader: Reader) -> Handler:
        async def read(request: Request) -> Response:
            return await self._read(request, BY_NAME[name], reader)

        return read

    def _fetching(self, find: Finder) -> Handler:
        async def fetch(request: Request) -> Response:
            portal = await portal_session(self._sessions, request)
            if portal is None:
                return await self._stranger(request)
            turned_away = await self._pages.turn_away(portal.person, "files")
            if turned_away is not None:
                return turned_away
            asked = asked_by(self._campus, portal, request)
            return await self._pages.page(
                "files", lambda db: self._download(find(db, asked)), persona=portal.person.persona
            )

        return fetch

    async def _read(self, request: Request, service: Service, reader: Reader) -> Response:
        if request.path_params["uai"] not in self._campus.schools:
            return unknown_page()
        portal = await portal_session(self._sessions, request)
        if portal is None:
            return await self._stranger(request)
        person = portal.person
        turned_away = await self._pages.turn_away(person, service.name)
        if turned_away is not None:
            return turned_away
        school = self._campus.schools[person.uai]
        static = self._pages.measures.static(service.name)
        if static is not None:
            self._pages.telemetry.count(service.name, "ok", person.persona)
            self._pages.telemetry.effect(static, person.persona)
            return markup.portal_page(portal, school, service, View(), calls=False)
        asked = asked_by(self._campus, portal, request)

        def make(db: Connection) -> Response:
            view = reader(db, asked)
            return markup.portal_page(portal, school, service, view) if view is not None else unknown_page()

        return await self._pages.page(service.name, make, persona=person.persona)

    async def _stranger(self, request: Request) -> Response:
        """Nobody's session goes to sign on; another school's is refused."""
        if await self._sessions.find_portal(request.cookies.get(COOKIE, "")) is None:
            return to_sign_on(request)
        return no_account()

    def _download(self, found: Upload | None) -> Response:
        if found is None:
            return unknown_page()
        headers = {
            "content-length": str(found.size_bytes),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(self._disk.read(found.digest), headers=headers, media_type=found.type)

    @staticmethod
    def _inside(uai: str) -> Response:
        return RedirectResponse(f"/etab/{uai}/accueil", 302, {"cache-control": "no-store"})


async def portal_session(sessions: Sessions, request: HTTPConnection) -> PortalSession | None:
    """The session of a request's cookie, if it is one of the school in its path."""
    portal = await sessions.find_portal(request.cookies.get(COOKIE, ""))
    return portal if portal and portal.person.uai == request.path_params["uai"] else None


def asked_by(campus: Campus, portal: PortalSession, request: Request) -> Asked:
    """What a request asks a view for."""
    return Asked(campus, portal, key_of(request), request.query_params)


def key_of(request: Request) -> int | None:
    """The number in a path; one that no database takes is nobody's, as 0 is."""
    key: int | None = request.path_params.get("key")
    return key if key is None or key <= _LARGEST_KEY else 0


def unknown_page() -> Response:
    """What answers where there is nothing to read."""
    return markup.notice("Page inconnue", "Cette page n'existe pas.", 404)


def no_account() -> Response:
    """What answers to people of another school."""
    return markup.notice("Accès refusé", "Vous n'avez pas de compte dans cet établissement.", 403)


def to_sign_on(request: Request) -> Response:
    """The way to the sign-on form and back to this portal."""
    target = f"/cas/login?service={quote(address(request), safe='')}"
    return RedirectResponse(target, 302, {"cache-control": "no-store"})


def set_cookie(request: Request, response: Response, name: str, value: str, path: str) -> None:
    """A cookie that scripts and other sites do not see, and that only travels encrypted where the page did."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, path=path, httponly=True, samesite="lax", secure=secure)


def address(request: Request) -> str:
    """A portal's address, which tickets are made for."""
    first, tenant = request.url.path.split("/")[1:3]
    return f"{request.base_url}{first}/{tenant}/"
