"""OpenID Connect for the mobile app: discovery, authorization code with PKCE, userinfo, keys.

Nobody signs on here: the authorization endpoint sends the person to the CAS and takes its ticket back, so that the
waiting room, measures and passwords are the portal's own. The addresses are those of Apereo CAS.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from entsandbox.mobile import authorization
from entsandbox.mobile.grants import Grant, new_family
from entsandbox.mobile.identifiers import person_id
from entsandbox.portal import markup
from entsandbox.services import SIGN_ON

if TYPE_CHECKING:
    from starlette.requests import Request

    from entsandbox.mobile.doorkeeper import Doorkeeper
    from entsandbox.portal.cas import Cas
    from entsandbox.telemetry import Telemetry
    from entsurge.population import Person, Population

ROOT = "/cas/oidc"
CALLBACK = "/cas/oauth2.0/callbackAuthorize"
_LONGEST_ECHO = 500
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class OpenId:
    """The provider's routes."""

    def __init__(
        self,
        cas: Cas,
        doorkeeper: Doorkeeper,
        *,
        population: Population,
        redirects: tuple[str, ...],
        telemetry: Telemetry,
    ) -> None:
        self._cas, self._doorkeeper = cas, doorkeeper
        self._population, self._redirects, self._telemetry = population, redirects, telemetry

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route(f"{ROOT}/.well-known/openid-configuration", self.discover, methods=["GET"]),
            Route(f"{ROOT}/jwks", self.keys, methods=["GET"]),
            Route(f"{ROOT}/oidcAuthorize", self.authorize, methods=["GET"]),
            Route(CALLBACK, self.grant, methods=["GET"]),
            Route(f"{ROOT}/oidcProfile", self.profile, methods=["GET", "POST"]),
        ]

    async def discover(self, request: Request) -> Response:
        """What the provider can do and where."""
        name = issuer(request)
        return JSONResponse(
            {
                "issuer": name,
                "authorization_endpoint": f"{name}/oidcAuthorize",
                "token_endpoint": f"{name}/oidcAccessToken",
                "userinfo_endpoint": f"{name}/oidcProfile",
                "jwks_uri": f"{name}/jwks",
                "revocation_endpoint": f"{name}/revoke",
                "end_session_endpoint": f"{request.base_url}cas/logout",
                "scopes_supported": list(authorization.SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "subject_types_supported": ["public"],
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "given_name",
                                     "family_name", "profile"],
                "prompt_values_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )  # fmt: skip

    async def keys(self, request: Request) -> Response:  # noqa: ARG002  Starlette passes it
        """The keys that identity tokens are checked with."""
        return JSONResponse(await self._doorkeeper.public_keys())

    async def authorize(self, request: Request) -> Response:
        """Send an app's user to the CAS, and from there back with a ticket."""
        asked = self._asked(request)
        if isinstance(asked, Response):
            return asked
        if asked.prompt == "none" and not await self._cas.knows(request):
            return self._to_app(request, asked, error="login_required")
        service = asked.address(_callback(request))
        return RedirectResponse(f"/cas/login?service={quote(service, safe='')}", 302, NO_STORE)

    async def grant(self, request: Request) -> Response:
        """Take the CAS's ticket and give the app a code, good once and for a minute."""
        asked = self._asked(request)
        if isinstance(asked, Response):
            return asked
        ticket = request.query_params.get("ticket", "")
        session = await self._cas.redeem_session(ticket, asked.address(_callback(request)))
        if session is None:
            return self._to_app(request, asked, error="access_denied")
        code = await self._doorkeeper.issue_code(
            Grant(
                family=new_family(),
                client=asked.client_id,
                login=session.person.login,
                scope=asked.scope,
                session=session.token,
                redirect_uri=asked.redirect_uri,
                challenge=asked.code_challenge,
                nonce=asked.nonce,
                signed_on_at=time.time(),
            )
        )
        return self._to_app(request, asked, code=code)

    async def profile(self, request: Request) -> Response:
        """Who a token speaks for (userinfo)."""
        caller = await self._doorkeeper.caller(request)
        if caller is None:
            challenge = 'Bearer realm="entsandbox", error="invalid_token"'
            return JSONResponse({"error": "invalid_token"}, 401, {"www-authenticate": challenge, **NO_STORE})
        claims = {"sub": person_id(self._population, caller.person)}
        if authorization.PROFILE in caller.scope.split():
            claims |= names(caller.person)
        return JSONResponse(claims, headers=NO_STORE)

    def _asked(self, request: Request) -> authorization.AuthorizationRequest | Response:
        """What the address asks for, or the answer that says what is wrong with it."""
        parameters = request.query_params
        try:
            client, redirect = authorization.read_client(parameters, self._redirects)
        except authorization.Unredirectable as error:
            self._telemetry.count(SIGN_ON, "denied")
            return markup.notice("Application inconnue", str(error), 400)
        try:
            return authorization.read_request(parameters, client, redirect)
        except authorization.AuthorizationError as error:
            self._telemetry.count(SIGN_ON, "denied")
            bare = authorization.AuthorizationRequest(
                client, redirect, "", "", state=parameters.get("state", "")[:_LONGEST_ECHO]
            )
            return self._to_app(request, bare, error=error.code, error_description=str(error))

    @staticmethod
    def _to_app(request: Request, asked: authorization.AuthorizationRequest, **said: str) -> Response:
        """Back to the app; `iss` says who answers (RFC 9207)."""
        return RedirectResponse(asked.back(**said, iss=issuer(request)), 302, NO_STORE)


def issuer(request: Request) -> str:
    """The provider's name, which is also where its addresses begin."""
    return f"{request.base_url}{ROOT.removeprefix('/')}"


def names(person: Person) -> dict[str, Any]:
    """What the scope `profile` says of a person."""
    return {
        "name": f"{person.given_name} {person.family_name}",
        "given_name": person.given_name,
        "family_name": person.family_name,
        "profile": person.rights,
    }


def _callback(request: Request) -> str:
    return f"{request.base_url}{CALLBACK.removeprefix('/')}"
