"""The front of Moodle's pages: who asks, may they, at which price; then the page's own work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from entsandbox.moodle import answers
from entsandbox.moodle.endpoint import NOTHING_SENT, Ask, Endpoint, Missing, Site
from entsandbox.moodle.login import COOKIE
from entsandbox.sent_form import MOST_FIELDS, largest_bytes, sent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.load.page_service import PageService
    from entsandbox.moodle.endpoint import AjaxMethods
    from entsandbox.state import PortalSession, Sessions
    from entsandbox.state.store.disk import Disk

    Handler = Callable[[Request], Awaitable[Response]]

_LARGEST_BODY = 256 * 1024
_AJAX = "/lib/ajax/service.php"
_BAD_KEY = {"error": "sesskey", "errorcode": "invalidsesskey"}
_ASSETS = {
    answers.SCRIPT: ("text/javascript; charset=utf-8", 40_000),
    answers.STYLE: ("text/css; charset=utf-8", 20_000),
}


class Pages:
    """Everything behind the sign-on, and the files that pages ask for."""

    def __init__(
        self, site: Site, endpoints: Sequence[Endpoint], ajax: AjaxMethods, pages: PageService, *,
        sessions: Sessions, disk: Disk,
    ) -> None:  # fmt: skip
        self._site, self._endpoints, self._ajax, self._pages = site, endpoints, ajax, pages
        self._sessions, self._disk = sessions, disk

    def routes(self) -> list[Route]:
        """What it answers."""
        served = [Route(each.path, self._serving(each), methods=[each.method]) for each in self._endpoints]
        assets = [Route(path, _asset, methods=["GET"]) for path in _ASSETS]
        return [*served, Route(_AJAX, self.ajax, methods=["POST"]), *assets]

    def _serving(self, endpoint: Endpoint) -> Handler:
        async def serve(request: Request) -> Response:
            portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
            service = endpoint.service or endpoint.belongs_to
            if portal is None:
                self._pages.telemetry.count(service or "xhr", "denied")
                return answers.to("/login/index.php")
            form = NOTHING_SENT
            if request.method == "POST":
                async with request.form(max_fields=MOST_FIELDS) as given:
                    if not _keyed(request, portal, str(given.get("sesskey", ""))):
                        return answers.answered(_BAD_KEY)
                    if largest_bytes(given) > self._pages.measures.attachment_bytes():
                        return self._pages.refusals.too_large()
                    form = await sent(given, self._disk)
            ask = Ask(self._site, portal, request.query_params, form)
            return await self._answer(ask, endpoint, service, writing=request.method == "POST")

        return serve

    async def ajax(self, request: Request) -> Response:
        """One call by AJAX, which names its method."""
        portal = await self._sessions.find_portal(request.cookies.get(COOKIE, ""))
        if portal is None or not _keyed(request, portal):
            self._pages.telemetry.count("xhr", "denied")
            return answers.answered(_BAD_KEY)
        call = _call(await request.body())
        endpoint = self._ajax.get(str(call.get("methodname", "")))
        if endpoint is None:
            return answers.answered([{"error": True, "exception": {"errorcode": "servicenotavailable"}}])
        ask = Ask(self._site, portal, request.query_params, call=call.get("args"))
        service = endpoint.service or endpoint.belongs_to
        return await self._answer(ask, endpoint, service, writing=endpoint.method == "POST")

    async def _answer(self, ask: Ask, endpoint: Endpoint, service: str, *, writing: bool) -> Response:
        if service:
            turned_away = await self._pages.turn_away(
                ask.person, service, writing=writing, spends=bool(endpoint.service)
            )
            if turned_away is not None:
                return turned_away
        return await self._pages.answer(endpoint.service, lambda db: _made(db, endpoint, ask), ask.person.persona)


def _made(db: Connection, endpoint: Endpoint, ask: Ask) -> Response:
    try:
        return endpoint.work(db, ask)
    except Missing:
        return answers.document("Erreur", '<p class="errormessage">invalidrecord</p>', 404)


def _keyed(request: Request, portal: PortalSession, given: str = "") -> bool:
    return answers.sesskey(portal) in (given, request.query_params.get("sesskey"))


def _call(body: bytes) -> dict[str, Any]:
    """The first call of a request; an empty one for what is none."""
    try:
        found: Any = json.loads(body[:_LARGEST_BODY])
    except (ValueError, RecursionError):
        return {}
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, dict) else {}


async def _asset(request: Request) -> Response:
    kind, size = _ASSETS[request.url.path]
    return Response("/* */".ljust(size), media_type=kind, headers={"cache-control": "public, max-age=600"})
