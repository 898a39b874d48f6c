"""The sandbox as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from entsandbox.admin import Admin
from entsandbox.body_limit import BodyLimit, too_large
from entsandbox.mobile.api import Mobile
from entsandbox.portal import markup
from entsandbox.portal.authority_portals import AuthorityPortals
from entsandbox.portal.cas import SignOn
from entsandbox.portal.live.ws_endpoint import WsEndpoint
from entsandbox.portal.read_routes import Portal
from entsandbox.portal.static_middleware import StaticMiddleware
from entsandbox.portal.write_routes import WriteRoutes
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from entsandbox.ent import Ent


def application(ent: Ent) -> ASGIApp:
    """The application over one sandbox's parts."""
    sign_on = SignOn(ent)
    rooms = (
        Portal(ent, sign_on), AuthorityPortals(ent, sign_on), WriteRoutes(ent), sign_on, Mobile(ent, sign_on),
        Admin(ent), WsEndpoint(ent),
    )  # fmt: skip

    async def no_database(request: Request, error: Exception) -> Response:
        del request, error
        ent.telemetry.count("session", "failed")
        return markup.unavailable()

    async def too_much(request: Request, error: Exception) -> Response:
        del request, error
        return too_large()

    routes = [route for room in rooms for route in room.routes()]
    rest = Starlette(routes=routes, exception_handlers={Unavailable: no_database, 413: too_much})
    return StaticMiddleware(ent, BodyLimit(rest, lambda: ent.settings.upload_bytes))
