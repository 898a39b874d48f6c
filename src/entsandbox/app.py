"""The sandbox as one ASGI application: each face gets what it needs of the sandbox's parts, and no more."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from entsandbox.admin import Admin
from entsandbox.authorities import authorities
from entsandbox.body_limit import BodyLimit
from entsandbox.entcore import face as entcore
from entsandbox.entcore.answers import EntcoreRefusals
from entsandbox.entcore.endpoint import Structures
from entsandbox.mobile.api import Mobile
from entsandbox.mobile.doorkeeper import Doorkeeper
from entsandbox.mobile.openid import CALLBACK
from entsandbox.mobile.request_context import Lookup
from entsandbox.moodle import face as moodle
from entsandbox.moodle.answers import MoodleRefusals
from entsandbox.moodle.endpoint import Site
from entsandbox.portal.authority_portals import AuthorityPortals
from entsandbox.portal.cas import Cas
from entsandbox.portal.live.links import Links
from entsandbox.portal.live.room_registry import RoomRegistry
from entsandbox.portal.live.ws_endpoint import WsEndpoint
from entsandbox.portal.markup import PortalRefusals
from entsandbox.portal.read_routes import Portal
from entsandbox.portal.static_middleware import StaticMiddleware
from entsandbox.portal.views import Campus
from entsandbox.portal.write_routes import WriteRoutes
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from entsandbox.ent import Ent
    from entsandbox.load.page_service import PageService
    from entsandbox.load.refusals import Refusals


def application(ent: Ent) -> ASGIApp:
    """The application over one sandbox's parts, with the face of the product that it speaks."""
    face: Mapping[str, Callable[[Ent], ASGIApp]] = {"skolengo": _skolengo, "entcore": _entcore, "moodle": _moodle}
    return face[ent.settings.speak](ent)


def _skolengo(ent: Ent) -> ASGIApp:
    """The portal, and the API of its app."""
    refusals = PortalRefusals()
    pages = ent.pages(refusals)
    links = Links(_secret(ent), ent.settings.live.link_seconds)
    known = {authority.path: authority for authority in authorities(ent.population)}
    campus = Campus(ent.schools, ent.directory, known, links, ent.updates, ent.settings.quota_bytes)
    cas = Cas(campus, ent.sign_on(pages), pages, state=ent.state, other_paths=frozenset({CALLBACK}))
    routes = [*_portal(ent, pages, campus, cas), *_mobile(ent, pages, cas), *_live(ent, pages, links)]
    return StaticMiddleware(
        _served(ent, refusals, routes),
        sessions=ent.sessions,
        database=ent.database,
        measures=ent.measures,
        telemetry=ent.telemetry,
        quota_bytes=ent.settings.quota_bytes,
    )


def _entcore(ent: Ent) -> ASGIApp:
    refusals = EntcoreRefusals()
    pages = ent.pages(refusals)
    structures = Structures(ent.population, ent.schools, ent.directory, ent.updates, ent.settings.quota_bytes)
    made = entcore.routes(structures, ent.sign_on(pages), pages, sessions=ent.sessions, disk=ent.disk)
    return _served(ent, refusals, [*made])


def _moodle(ent: Ent) -> ASGIApp:
    refusals = MoodleRefusals()
    pages = ent.pages(refusals)
    site = Site(ent.population, ent.schools, ent.directory, ent.updates)
    made = moodle.routes(site, ent.sign_on(pages), pages, state=ent.state, disk=ent.disk)
    return _served(ent, refusals, [*made])


def _served(ent: Ent, refusals: Refusals, routes: list[BaseRoute]) -> ASGIApp:
    """A face's routes with the administration's, behind the limit of what may be sent."""
    return BodyLimit(_router(ent, refusals, [*routes, *_admin(ent).routes()]), refusals, ent.settings.upload_bytes)


def _router(ent: Ent, refusals: Refusals, routes: list[BaseRoute]) -> ASGIApp:
    async def no_database(request: Request, error: Exception) -> Response:
        del request, error
        ent.telemetry.count("session", "failed")
        return refusals.unavailable()

    async def too_much(request: Request, error: Exception) -> Response:
        del request, error
        return refusals.too_large()

    return Starlette(routes=routes, exception_handlers={Unavailable: no_database, 413: too_much})


def _secret(ent: Ent) -> bytes:
    """What live links are sealed with: the same in every process of a sandbox."""
    return hashlib.blake2b(ent.admin_token.encode(), person=b"entsandbox").digest()


def _portal(ent: Ent, pages: PageService, campus: Campus, cas: Cas) -> list[BaseRoute]:
    sessions, disk = ent.sessions, ent.disk
    return [
        *Portal(campus, cas, pages, sessions=sessions, disk=disk).routes(),
        *AuthorityPortals(campus, cas, pages, sessions=sessions).routes(),
        *WriteRoutes(campus, pages, sessions=sessions, disk=disk).routes(),
        *cas.routes(),
    ]


def _live(ent: Ent, pages: PageService, links: Links) -> list[BaseRoute]:
    limits = ent.settings.live
    rooms = RoomRegistry(
        limits, database=ent.database, measures=ent.measures, telemetry=ent.telemetry, personas=ent.personas
    )
    return [*WsEndpoint(rooms, pages, sessions=ent.sessions, links=links, limits=limits).routes()]


def _mobile(ent: Ent, pages: PageService, cas: Cas) -> list[BaseRoute]:
    settings = ent.settings
    access_seconds = settings.token_seconds / settings.compression
    doorkeeper = Doorkeeper(ent.database, ent.sessions, ent.admission, access_seconds=access_seconds)
    return [
        *Mobile(
            Lookup(ent.population, ent.schools, ent.directory, ent.updates), cas, doorkeeper, pages,
            admission=ent.admission, allowances=ent.state.allowances, disk=ent.disk,
            redirects=settings.mobile_redirects,
        ).routes()
    ]  # fmt: skip


def _admin(ent: Ent) -> Admin:
    return Admin(
        token=ent.admin_token,
        speaks=ent.settings.speak,
        personas=ent.personas,
        measures=ent.measures,
        limit=ent.admission.limit,
        state=ent.state,
        telemetry=ent.telemetry,
        sample=ent.sample,
        switched=lambda: ent.updates.keep_up(ent.database),
    )
