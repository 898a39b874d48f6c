"""The sandbox as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from entsurge.sandbox import markup
from entsurge.sandbox.admin import Admin
from entsurge.sandbox.authority_portals import AuthorityPortals
from entsurge.sandbox.bounds import Bounds, too_large
from entsurge.sandbox.desk import Desk
from entsurge.sandbox.light import Light
from entsurge.sandbox.live.door import Door
from entsurge.sandbox.mobile.api import Mobile
from entsurge.sandbox.portal import Portal
from entsurge.sandbox.signon import SignOn
from entsurge.sandbox.store import Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from entsurge.sandbox.ent import Ent


def application(ent: Ent) -> ASGIApp:
    """The application over one sandbox's parts."""
    sign_on = SignOn(ent)
    rooms = (
        Portal(ent, sign_on), AuthorityPortals(ent, sign_on), Desk(ent), sign_on, Mobile(ent, sign_on), Admin(ent),
        Door(ent),
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
    return Light(ent, Bounds(rest, lambda: ent.settings.upload_bytes))
