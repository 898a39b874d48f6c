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
from entsandbox.mobile.doorkeeper import Doorkeeper
from entsandbox.mobile.files import API, Files
from entsandbox.mobile.identifiers import school_id
from entsandbox.mobile.jsonapi import Refused
from entsandbox.mobile.messaging import Messaging
from entsandbox.mobile.openid import OpenId
from entsandbox.mobile.request_context import Ask, Lookup
from entsandbox.mobile.results import Results
from entsandbox.mobile.school_life import SchoolLife
from entsandbox.mobile.schools import Schools
from entsandbox.mobile.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.ent import Ent
    from entsandbox.mobile.request_context import Caller, Endpoint
    from entsandbox.portal.cas import SignOn

_LARGEST_BODY = 256 * 1024
_JSON = ("application/json", jsonapi.MEDIA_TYPE)
_BAD_TOKEN = {"www-authenticate": 'Bearer realm="entsandbox", error="invalid_token"'}


class Mobile:
    """Everything the mobile app speaks to: sign-on, and the API behind it."""

    def __init__(self, ent: Ent, sign_on: SignOn) -> None:
        self._ent = ent
        self._lookup = Lookup(ent.population, ent.schools, ent.directory)
        self._doorkeeper = Doorkeeper(ent)
        files = Files(self._lookup, ent.disk)
        schools = Schools(ent, self._lookup)
        self._open = (OpenId(ent, sign_on, self._doorkeeper), Tokens(ent, self._doorkeeper), schools)
        self._rooms = (
            schools,
            Calendar(self._lookup, files),
            Results(self._lookup),
            Messaging(self._lookup, files),
            SchoolLife(self._lookup),
            files,
        )

    def routes(self) -> list[Route]:
        """What it answers."""
        free = [route for room in self._open for route in room.routes()]
        endpoints = [endpoint for room in self._rooms for endpoint in room.endpoints()]
        served = [Route(API + each.path, self._serve(each), methods=[each.method]) for each in endpoints]
        return [*free, *served, Route(API + "/{rest:path}", self._nothing)]

    async def _nothing(self, request: Request) -> Response:
        self._ent.telemetry.count("unknown", "denied")
        return jsonapi.refusal(Refused(404, f"there is nothing at {request.url.path[:100]}"))

    def _serve(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            caller = await self._doorkeeper.caller(request)
            if caller is None:
                self._ent.telemetry.count(endpoint.service, "denied")
                return jsonapi.refusal(Refused(401, "the token is unknown, too old or ended"), _BAD_TOKEN)
            try:
                return await self._answer(request, endpoint, caller)
            except Refused as refused:
                self._ent.telemetry.count(endpoint.service, "denied")
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
        persona, static = caller.person.persona, self._ent.measures.static(endpoint.service)
        if endpoint.light or static is not None:
            made = await self._ent.database.run(lambda db: _made(db, endpoint, ask))
            route = "xhr" if endpoint.light else endpoint.service
            self._ent.telemetry.count(route, "ok" if made.status_code < 400 else "denied", persona)
            if static is not None:
                self._ent.telemetry.effect(static, persona)
            return made
        return await self._ent.page(endpoint.service, lambda db: _made(db, endpoint, ask), persona=persona)

    def _check(self, request: Request, endpoint: Endpoint, caller: Caller) -> None:
        """The token's scope, and the school that the app says it speaks for. Raises Refused."""
        if not allows(caller.scope, endpoint.right):
            raise Refused(403, f"the token's scope lacks {endpoint.right}", title="INSUFFICIENT_SCOPE")
        said = request.headers.get("x-skolengo-school-id", "")
        if said and said != school_id(self._lookup.population, self._lookup.schools[caller.person.uai]):
            raise Refused(403, "you have no account in this school")

    async def _turned_away(self, endpoint: Endpoint, caller: Caller) -> Response | None:
        """What stands for the answer: a measure keeps this person out or this service closed, or the account waits."""
        persona, measures, service = caller.person.persona, self._ent.measures, endpoint.service
        reserved, closed = measures.refusal(persona), measures.closed(service)
        if closed is None and endpoint.method != "GET":
            closed = measures.closed_to_writing(service)
        refusal = reserved or closed
        if refusal is not None:
            self._ent.refuse(service, persona, refusal)
            return jsonapi.refusal(
                Refused(503, refusal.text, title="ACCESS_RESERVED" if reserved else "SERVICE_CLOSED")
            )
        wait = 0.0 if endpoint.light else await self._ent.state.allowances.spend(caller.person.login)
        if wait:
            self._ent.telemetry.count(service, "limited", persona)
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
