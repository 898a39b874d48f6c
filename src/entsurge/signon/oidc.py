"""OpenID Connect, code flow with PKCE, as a public client (an app) goes it: authorise, sign on, code, tokens.

A portal that is itself the client of an OpenID provider needs none of this: its door leads to the provider's form and
back, which is `method = "form"`.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import StringConstraints

from entsurge.client.url import joined
from entsurge.secret import Secret  # noqa: TC001  pydantic reads it
from entsurge.signon import tokens
from entsurge.signon.browser import BrowserOptions, credentials, to_form
from entsurge.signon.flow import FORM
from entsurge.signon.forms import carrier
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address  # noqa: TC001  pydantic reads it

if TYPE_CHECKING:
    from entsurge.client.response import Response
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Options(BrowserOptions):
    """`[sign_on] method = "oidc"`; `redirect_uri` may be an app's own scheme: it is never opened."""

    authorize_url: Address
    token_url: Address
    client_id: str
    client_secret: Secret | None = None
    redirect_uri: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*://?\S+$")]
    scope: str = "openid"
    extra_parameters: dict[str, str] = {}  # noqa: RUF012  pydantic copies it


class Oidc:
    """The code flow of one visitor."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on; the tokens are in the visitor's memory, the last answer is the token endpoint's."""
        del door  # an app knows its provider
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        page = to_form(flow, self.options, self._authorize(verifier, state), until=self._is_ours)
        arrival = Arrival(page)
        if not self._given(page):
            arrival = credentials(flow, self.options, page, account, until=self._is_ours)
        if arrival.refusal is not None:
            return arrival
        given = self._given(arrival.page)
        if given.get("error"):
            return Arrival(arrival.page, _refusal_of(given["error"]), given["error"])
        if not given.get("code") or given.get("state") != state:
            return Arrival(arrival.page, Refusal.NOT_SIGNED_ON, "no code came back, or another's")
        return self._exchange(flow, given["code"], verifier)

    def _authorize(self, verifier: str, state: str) -> str:
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.options.client_id, "redirect_uri": self.options.redirect_uri,
            "scope": self.options.scope, "state": state, "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge, "code_challenge_method": "S256", **self.options.extra_parameters,
        }  # fmt: skip
        url = self.options.authorize_url
        return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"

    def _is_ours(self, url: str) -> bool:
        return url.split("?", 1)[0] == self.options.redirect_uri.split("?", 1)[0]

    def _given(self, page: Response) -> dict[str, str]:
        """What the provider gave back: in the redirect's query, or in a form that posts itself."""
        if page.redirects_to:
            url = joined(page.url, page.redirects_to)
            query = parse_qs(urlsplit(url).query) if self._is_ours(url) else {}
            return {name: values[0] for name, values in query.items()}
        form = carrier(page, "code", "error")
        return form.fields if form is not None and self._is_ours(form.action) else {}

    def _exchange(self, flow: Flow, code: str, verifier: str) -> Arrival:
        client = {"client_id": self.options.client_id}
        if self.options.client_secret is not None:
            client["client_secret"] = self.options.client_secret.get_secret_value()
        fields = {
            "grant_type": "authorization_code", "code": code, "code_verifier": verifier,
            "redirect_uri": self.options.redirect_uri, **client,
        }  # fmt: skip
        url = self.options.token_url
        answer = flow.once("POST", url, "token", headers=FORM, body=urlencode(fields).encode())
        refused = flow.refusal(answer)
        if refused is None and tokens.keep(flow.memory, answer, url, client) is None:
            refused = flow.patterns.rejected(answer) or Refusal.NOT_SIGNED_ON
        return Arrival(answer, refused)


def _refusal_of(error: str) -> Refusal:
    """What a provider's error code means (RFC 6749, 4.1.2.1)."""
    if error in ("unauthorized_client", "invalid_request", "invalid_scope", "unsupported_response_type"):
        return Refusal.SERVICE_REFUSED
    return Refusal.FULL if error == "temporarily_unavailable" else Refusal.NOT_SIGNED_ON


def method(options: Options) -> Oidc:
    """The method with these options."""
    return Oidc(options)
