"""The JSON:API's front: who asks, may they, is the service open, at which price; then the endpoint's own work."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from entsandbox.mobile import jsonapi
from entsandbox.mobile.authorization import allows
from entsandbox.mobile.calendar import Calendar
from entsandbox.mobile.files import API, Files
from entsandbox.mobile.identifiers import school_id
from entsandbox.mobile.jsonapi import Refused
from entsandbox.mobile.messaging import Messaging
from entsandbox.mobile.openid import OpenId
from entsandbox.mobile.request_context import Ask
from entsandbox.mobile.results import Results
from entsandbox.mobile.school_life import SchoolLife
from entsandbox.mobile.schools import Schools
from entsandbox.mobile.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.load.admission import Admission
    from entsandbox.load.page_service import PageService
    from entsandbox.mobile.doorkeeper import Doorkeeper
    from entsandbox.mobile.request_context import Caller, Endpoint, Lookup
    from entsandbox.portal.cas import Cas
    from entsandbox.state.state import Allowances
    from entsandbox.state.store.disk import Disk

_LARGEST_BODY = 256 * 1024
_JSON = ("application/json", jsonapi.MEDIA_TYPE)
_BAD_TOKEN = {"www-authenticate": 'Bearer realm="entsandbox", error="invalid_token"'}


class Mobile:
    """Everything the mobile app speaks to: sign-on, and the API behind it."""

    def __init__(
        self, lookup: Lookup, cas: Cas, doorkeeper: Doorkeeper, pages: PageService, *,
        admission: Admission, allowances: Allowances, disk: Disk, redirects: tuple[str, ...],
    ) -> None:  # fmt: skip
        self._lookup, self._doorkeeper, self._pages, self._allowances = lookup, doorkeeper, pages, allowances
        files, schools = Files(lookup, disk), Schools(lookup, pages.telemetry)
        provider = OpenId(cas, doorkeeper, population=lookup.population, redirects=redirects, telemetry=pages.telemetry)
        self._open = (provider, Tokens(lookup, doorkeeper, pages, admission), schools)
        self._rooms = (
            schools,
            Calendar(lookup, files),
            Results(lookup),
            Messaging(lookup, files),
            SchoolLife(lookup),
            files,
        )

    def routes(self) -> list[Route]:
        """What it answers."""
        free = [route for room in self._open for route in room.routes()]
        endpoints = [endpoint for room in self._rooms for endpoint in room.endpoints()]
        served = [Route(API + each.path, self._serve(each), methods=[each.method]) for each in endpoints]
        return [*free, *served, Route(API + "/{rest:path}", self._nothing)]

    async def _nothing(self, request: Request) -> Response:
        self._pages.telemetry.count("unknown", "denied")
        return jsonapi.refusal(Refused(404, f"there is nothing at {request.url.path[:100]}"))

    def _serve(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            caller = await self._doorkeeper.caller(request)
            if caller is None:
                self._pages.telemetry.count(endpoint.service, "denied")
                return jsonapi.refusal(Refused(401, "the token is unknown, too old or ended"), _BAD_TOKEN)
            try:
                return await self._answer(request, endpoint, caller)
            except Refused as refused:
                self._pages.telemetry.count(endpoint.service, "denied")
                return jsonapi.refusal(refused)

        return serve

    async def _answer(self, request: Request, endpoint: Endpoint, caller: Caller) -> Response:
        self._check(request, endpoint, caller)
        turned_away = await self._turned_away(endpoint, caller)
        if turned_away is not None:
            return turned_away
        ask = Ask(
            caller=caller,
            query=jsonapi.read_query(request.query_params, endpoint.includes),
            path={name: str(value) for name, value in request.path_params.items()},
            body=await _body(request) if endpoint.method in ("POST", "PATCH") else None,
            base=str(request.base_url),
            utc=request.headers.get("x-skolengo-date-format", "").lower() == "utc",
        )
        persona, static = caller.person.persona, self._pages.measures.static(endpoint.service)
        if endpoint.light or static is not None:
            made = await self._pages.database.run(lambda db: _made(db, endpoint, ask))
            route = "xhr" if endpoint.light else endpoint.service
            self._pages.telemetry.count(route, "ok" if made.status_code < 400 else "denied", persona)
            if static is not None:
                self._pages.telemetry.effect(static, persona)
            return made
        return await self._pages.page(endpoint.service, lambda db: _made(db, endpoint, ask), persona=persona)

    def _check(self, request: Request, endpoint: Endpoint, caller: Caller) -> None:
        """The token's scope, and the school that the app says it speaks for. Raises Refused."""
        if not allows(caller.scope, endpoint.right):
            raise Refused(403, f"the token's scope lacks {endpoint.right}", title="INSUFFICIENT_SCOPE")
        said = request.headers.get("x-skolengo-school-id", "")
        if said and said != school_id(self._lookup.population, self._lookup.schools[caller.person.uai]):
            raise Refused(403, "you have no account in this school")

    async def _turned_away(self, endpoint: Endpoint, caller: Caller) -> Response | None:
        """What stands for the answer: a measure keeps this person out or this service closed, or the account waits."""
        persona, measures, service = caller.person.persona, self._pages.measures, endpoint.service
        reserved, closed = measures.refusal(persona), measures.closed(service)
        if closed is None and endpoint.method != "GET":
            closed = measures.closed_to_writing(service)
        refusal = reserved or closed
        if refusal is not None:
            self._pages.refuse(service, persona, refusal)
            return jsonapi.refusal(
                Refused(503, refusal.text, title="ACCESS_RESERVED" if reserved else "SERVICE_CLOSED")
            )
        wait = 0.0 if endpoint.light else await self._allowances.spend(caller.person.login)
        if wait:
            self._pages.telemetry.count(service, "limited", persona)
            return jsonapi.refusal(Refused(429, "your account asks too often"), {"retry-after": str(math.ceil(wait))})
        return None


def _made(db: Connection, endpoint: Endpoint, ask: Ask) -> Response:
    """The endpoint's own work, as an answer; it refuses before it writes."""
    try:
        found = endpoint.work(db, ask)
    except Refused as refused:
        return jsonapi.refusal(refused)
    if isinstance(found, Response):
        return found
    if found is None:
        return Response(status_code=endpoint.status)
    return jsonapi.answer(jsonapi.document(found, ask.query.include, ask.query.fields), endpoint.status)


async def _body(request: Request) -> Any:
    """A request's JSON document. Raises Refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise Refused(415, f"a document of the type {jsonapi.MEDIA_TYPE} is expected")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_BODY:
            raise Refused(413, f"more than {_LARGEST_BODY} bytes", title="PAYLOAD_TOO_LARGE")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "the document is not JSON") from None
