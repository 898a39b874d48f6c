"""The front of entcore's applications: pages that scripts fill, and the JSON that scripts ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from entsandbox.entcore import answers
from entsandbox.entcore.auth import COOKIE, same_token
from entsandbox.entcore.endpoint import NOTHING_SENT, Ask, Endpoint, Refused, Structures
from entsandbox.sent_form import MOST_FIELDS, Sent, largest_bytes, sent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.load.page_service import PageService
    from entsandbox.state import PortalSession, Sessions
    from entsandbox.state.store.disk import Disk

    Handler = Callable[[Request], Awaitable[Response]]

_XSRF = "x-xsrf-token"
_LARGEST_BODY = 256 * 1024
# The pages themselves: by path, the application's title, and the service whose price it has where nothing else has.
_PAGES = {
    "/timeline/timeline": ("Nouveautés", ""),
    "/conversation/conversation": ("Messagerie", ""),
    "/diary": ("Cahier de texte", ""),
    "/workspace/workspace": ("Espace documentaire", ""),
    "/viescolaire": ("Vie scolaire", "absences"),
}


class Applications:
    """Everything behind the sign-on."""

    def __init__(
        self,
        structures: Structures,
        endpoints: Sequence[Endpoint],
        pages: PageService,
        *,
        sessions: Sessions,
        disk: Disk,
    ) -> None:
        self._structures, self._endpoints, self._pages = structures, endpoints, pages
        self._sessions, self._disk = sessions, disk

    def routes(self) -> list[Route]:
        """What it answers."""
        shells = [
            Endpoint("GET", path, _shell(title, path.split("/")[1]), service=service)
            for path, (title, service) in _PAGES.items()
        ]
        return [Route(each.path, self._serving(each), methods=[each.method]) for each in (*shells, *self._endpoints)]

    def _serving(self, endpoint: Endpoint) -> Handler:
        async def serve(request: Request) -> Response:
            portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
            if portal is None:
                return self._stranger(request, endpoint)
            try:
                return await self._answer(request, endpoint, portal)
            except Refused as refused:
                self._pages.telemetry.count(endpoint.service or "xhr", "denied", portal.person.persona)
                return answers.refused(refused.reason, refused.status)

        return serve

    def _stranger(self, request: Request, endpoint: Endpoint) -> Response:
        """A page leads to the sign-on, whatever else says 401."""
        self._pages.telemetry.count(endpoint.service or "xhr", "denied")
        if request.method == "GET":
            return RedirectResponse("/auth/login", 302, answers.NO_STORE)
        return answers.refused("unauthorized", 401)

    async def _answer(self, request: Request, endpoint: Endpoint, portal: PortalSession) -> Response:
        if request.method != "GET" and not same_token(request.headers.get(_XSRF, ""), portal.csrf):
            raise Refused("invalid xsrf token", 403)
        service = endpoint.service or endpoint.belongs_to
        if service:
            turned_away = await self._pages.turn_away(
                portal.person, service, writing=endpoint.writes, spends=bool(endpoint.service)
            )
            if turned_away is not None:
                return turned_away
        body, form = await self._read(request)
        ask = Ask(self._structures, portal, request.path_params, request.query_params, body, form)
        return await self._pages.answer(endpoint.service, lambda db: _made(db, endpoint, ask), portal.person.persona)

    async def _read(self, request: Request) -> tuple[Any, Sent]:
        """A request's JSON, or its form. Raises Refused."""
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind == "multipart/form-data":
            async with request.form(max_fields=MOST_FIELDS) as form:
                if largest_bytes(form) > self._pages.measures.attachment_bytes():
                    raise Refused("file.too.large", 413)
                return None, await sent(form, self._disk)
        if kind != "application/json":
            return None, NOTHING_SENT
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST_BODY:
                raise Refused("payload.too.large", 413)
        try:
            return json.loads(body), NOTHING_SENT
        except (ValueError, RecursionError):
            raise Refused("invalid json", 400) from None


def _made(db: Connection, endpoint: Endpoint, ask: Ask) -> Response:
    try:
        found = endpoint.work(db, ask)
    except Refused as refused:
        return answers.refused(refused.reason, refused.status)
    return found if isinstance(found, Response) else answers.answered(found, endpoint.status)


def _shell(title: str, script: str) -> Callable[[Connection, Ask], Response]:
    def work(db: Connection, ask: Ask) -> Response:
        del db, ask
        return answers.shell(title, script, f"<main data-application={script}></main>")

    return work
