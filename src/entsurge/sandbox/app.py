"""The sandbox as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from entsurge.sandbox.admin import Admin
from entsurge.sandbox.desk import Desk
from entsurge.sandbox.light import Light
from entsurge.sandbox.live.pages import rooms as live_rooms
from entsurge.sandbox.portal import Portal
from entsurge.sandbox.signon import SignOn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from entsurge.sandbox.ent import Ent


def application(ent: Ent) -> ASGIApp:
    """The application over one sandbox's parts."""
    sign_on = SignOn(ent)
    rooms = (*live_rooms(ent), Portal(ent, sign_on), Desk(ent), sign_on, Admin(ent))
    return Light(ent, Starlette(routes=[route for room in rooms for route in room.routes()]))
