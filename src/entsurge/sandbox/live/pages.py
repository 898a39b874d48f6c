"""The pages of chat and video class: what is live on them is declared in `data-live`, as signed addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsurge.sandbox import markup
from entsurge.sandbox.live.door import LIVE, Door
from entsurge.sandbox.portal import portal_session, turn_away
from entsurge.sandbox.services import SERVICES

if TYPE_CHECKING:
    from starlette.requests import Request

    from entsurge.sandbox.ent import Ent


class LivePages:
    """The routes of the two pages; they come before the portal's own, which would take them for lists."""

    def __init__(self, ent: Ent, door: Door) -> None:
        self._ent, self._door = ent, door

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route(f"/etab/{{uai}}/{service.path}", self.page, methods=["GET"])
            for service in SERVICES
            if service.name in LIVE
        ]

    async def page(self, request: Request) -> Response:
        """The page, at the price of a page; without a session, go and sign on."""
        service = next(each for each in SERVICES if request.url.path.endswith(f"/{each.path}"))
        portal = portal_session(self._ent, request)
        if portal is None:
            return RedirectResponse(f"/etab/{request.path_params['uai']}/", 302, {"cache-control": "no-store"})
        turned_away = turn_away(self._ent, portal, service)
        if turned_away is not None:
            return turned_away
        school, live = self._ent.schools[portal.person.uai], self._door.links(portal.person, service)
        return await self._ent.page(service.name, lambda _: markup.live_page(portal, school, service, live))


def rooms(ent: Ent) -> tuple[LivePages, Door]:
    """Pages and sockets of one sandbox."""
    door = Door(ent)
    return LivePages(ent, door), door
