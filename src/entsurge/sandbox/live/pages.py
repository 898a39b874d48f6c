"""The pages of chat and video class: what is live on them is declared in `data-live`, as signed addresses."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsurge.sandbox import markup
from entsurge.sandbox.live.door import LIVE, Door
from entsurge.sandbox.portal import portal_session, turn_away, unknown_page
from entsurge.sandbox.services import SERVICES
from entsurge.sandbox.store import chat

if TYPE_CHECKING:
    from starlette.requests import Request

    from entsurge.sandbox.ent import Ent


class LivePages:
    """The routes of the two pages; they come before the portal's own, which would take them for lists."""

    def __init__(self, ent: Ent, door: Door) -> None:
        self._ent, self._door = ent, door

    def routes(self) -> list[Route]:
        """What it answers."""
        live = (service.path for service in SERVICES if service.name in LIVE)
        return [
            *(Route(f"/etab/{{uai}}/{path}", self.page, methods=["GET"]) for path in live),
            Route("/etab/{uai}/chat/{number:int}", self.take_back, methods=["DELETE"]),
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

    async def take_back(self, request: Request) -> Response:
        """Delete a chat message of one's own: 204; 404 for another's, which is none of theirs; 403 without token."""
        portal = portal_session(self._ent, request)
        given = request.headers.get("x-csrf-token", "").encode()
        if portal is None or not secrets.compare_digest(given, portal.csrf.encode()):
            return markup.notice("Accès refusé", "Vous ne pouvez pas faire cela ici.", 403)
        person, number = portal.person, request.path_params["number"]
        done = await self._ent.database.run(lambda db: chat.take_back(db, person.uai, number, person.login))
        return Response(status_code=204) if done else unknown_page()


def rooms(ent: Ent) -> tuple[LivePages, Door]:
    """Pages and sockets of one sandbox."""
    door = Door(ent)
    return LivePages(ent, door), door
