"""A bearer token for a login and a password at once (OAuth 2's password grant), with refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from entsurge.secret import Secret  # noqa: TC001  pydantic reads it
from entsurge.signon import tokens
from entsurge.signon.flow import FORM
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address, SignOnOptions

if TYPE_CHECKING:
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Options(SignOnOptions):
    """`[sign_on] method = "bearer"`: `url` is the token endpoint; the door is opened only if `open_door` says so."""

    url: Address
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""
    open_door: bool = False


class Bearer:
    """One request for a token."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on; the tokens are in the visitor's memory."""
        client = self._client()
        fields = {"grant_type": "password", "username": account.login, "password": account.password, **client}
        if self.options.scope:
            fields["scope"] = self.options.scope
        answer = flow.once("POST", self.options.url, "token", headers=FORM, body=urlencode(fields).encode())
        refused = flow.refusal(answer)
        if refused is None and tokens.keep(flow.memory, answer, self.options.url, client) is None:
            refused = flow.patterns.rejected(answer) or Refusal.NOT_SIGNED_ON
        if refused is not None or not self.options.open_door:
            return Arrival(answer, refused)
        return flow.arrived(flow.get(door, "door", headers=tokens.authorization(flow.session)))

    def _client(self) -> dict[str, str]:
        secret = self.options.client_secret
        given = {"client_id": self.options.client_id, "client_secret": secret.get_secret_value() if secret else ""}
        return {name: value for name, value in given.items() if value}


def method(options: Options) -> Bearer:
    """The method with these options."""
    return Bearer(options)
