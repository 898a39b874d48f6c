"""The token endpoint: a code or a refresh token for new tokens, and their revocation.

An app's place in the house is its sign-on's. Who came in above the limit, between the form and the token, is turned
away here and gives the place back; so is an app that comes back after its session has ended, while the house is full:
both are answered 509 `quota_overflow`, as entcore's mobile door does.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entsandbox.mobile import authorization
from entsandbox.mobile.identifiers import person_id
from entsandbox.mobile.openid import NO_STORE, ROOT, issuer, names
from entsandbox.services import SIGN_ON

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from entsandbox.load.admission import Admission
    from entsandbox.load.page_service import PageService
    from entsandbox.mobile.doorkeeper import Doorkeeper
    from entsandbox.mobile.grants import Grant
    from entsandbox.mobile.request_context import Lookup
    from entsurge.population import Person

QUOTA = 509
_NOT_GOOD = "the refresh token is unknown, used or another's"


class Tokens:
    """The routes that hand tokens out and take them back."""

    def __init__(self, lookup: Lookup, doorkeeper: Doorkeeper, pages: PageService, admission: Admission) -> None:
        self._lookup, self._doorkeeper, self._pages, self._admission = lookup, doorkeeper, pages, admission

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route(f"{ROOT}/oidcAccessToken", self.token, methods=["POST"]),
            Route(f"{ROOT}/revoke", self.revoke, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Tokens for a code, whose sign-on has paid for it, or for a refresh token."""
        async with request.form(max_files=0) as form:
            fields = _texts(form)
        client = _client(request, fields)
        if not client:
            return self._error("invalid_client", "which application?", 401)
        match fields.get("grant_type", ""):
            case "authorization_code":
                return await self._by_code(request, client, fields)
            case "refresh_token":
                return await self._by_refresh(request, client, fields)
            case _:
                return self._error("unsupported_grant_type", "authorization_code or refresh_token")

    async def revoke(self, request: Request) -> Response:
        """End a token and everything of its sign-on at this app; 200 whatever it was (RFC 7009)."""
        async with request.form(max_files=0) as form:
            fields = _texts(form)
        await self._doorkeeper.revoke(fields.get("token", ""), _client(request, fields))
        return Response(status_code=200, headers=NO_STORE)

    async def _by_code(self, request: Request, client: str, fields: dict[str, str]) -> Response:
        grant = await self._doorkeeper.take("code", fields.get("code", ""))
        if grant is None or grant.client != client or grant.redirect_uri != fields.get("redirect_uri", ""):
            return self._error("invalid_grant", "the code is unknown, used or another's")
        if not authorization.proves(fields.get("code_verifier", ""), grant.challenge):
            return self._error("invalid_grant", "the code_verifier is not the one of the code")
        person = await self._doorkeeper.signed_on(grant)
        if person is None:
            return self._error("invalid_grant", "the sign-on has ended")
        if self._doorkeeper.overfull:
            await self._doorkeeper.put_out(grant)
            return self._full(person)
        return await self._tokens(request, grant, person)

    async def _by_refresh(self, request: Request, client: str, fields: dict[str, str]) -> Response:
        """New tokens; an app whose session has ended comes in anew, at the price of a sign-on."""
        token = fields.get("refresh_token", "")
        grant = await self._doorkeeper.find("refresh", token)
        if grant is None or grant.client != client:
            return self._error("invalid_grant", _NOT_GOOD)
        scope = authorization.narrowed(fields.get("scope", ""), grant.scope)
        if scope is None:
            return self._error("invalid_scope", "more than what was granted")
        renewed = replace(grant, scope=scope, nonce="")
        person = await self._doorkeeper.signed_on(grant)
        if person is None:
            return await self._come_back(request, renewed, token)
        return await self._renewed(request, renewed, token, person)

    async def _renewed(self, request: Request, grant: Grant, token: str, person: Person) -> Response:
        """New tokens for one that is used up only now: whoever was put off may ask again with it."""
        if await self._doorkeeper.take("refresh", token) is None:
            return self._error("invalid_grant", _NOT_GOOD)
        return await self._tokens(request, grant, person)

    async def _come_back(self, request: Request, grant: Grant, token: str) -> Response:
        person = self._lookup.directory.person(grant.login)
        if person is None:
            return self._error("invalid_grant", "the account is gone")
        refusal = self._admission.refusal(person.persona)
        if refusal is not None:
            self._pages.refuse(SIGN_ON, person.persona, refusal)
            return _answer({"error": "temporarily_unavailable", "error_description": refusal.text}, 503)
        if self._admission.full:
            return self._full(person)

        async def make() -> tuple[Response, str]:
            back = await self._doorkeeper.come_back(grant, person)
            response = await self._renewed(request, back, token, person)
            return response, "ok" if response.status_code < 400 else "denied"

        return await self._pages.serve(SIGN_ON, make, persona=person.persona)

    async def _tokens(self, request: Request, grant: Grant, person: Person) -> Response:
        claims: dict[str, Any] = {
            "iss": issuer(request),
            "sub": person_id(self._lookup.population, person),
            "aud": grant.client,
            "auth_time": int(grant.signed_on_at),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if authorization.PROFILE in grant.scope.split():
            claims |= names(person)
        return _answer(await self._doorkeeper.issue(grant, claims))

    def _full(self, person: Person) -> Response:
        self._pages.telemetry.count(SIGN_ON, "waiting", person.persona)
        return _answer({"error": "quota_overflow"}, QUOTA)

    def _error(self, code: str, description: str, status: int = 400) -> Response:
        self._pages.telemetry.count(SIGN_ON, "denied")
        headers = {"www-authenticate": 'Basic realm="entsandbox"'} if status == 401 else {}
        return _answer({"error": code, "error_description": description}, status, headers)


def _answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status, {**NO_STORE, **(headers or {})})


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _client(request: Request, fields: dict[str, str]) -> str:
    """The app that asks: by Basic (its secret is on every phone, so it proves nothing) or by the form; else nothing."""
    given = request.headers.get("authorization", "")
    if not given.lower().startswith("basic "):
        return fields.get("client_id", "")
    try:
        name = base64.b64decode(given[6:], validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return unquote_plus(name)
