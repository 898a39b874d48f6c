"""A session opened by an API: login and password as JSON, a cookie (or a token) in return, then the door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from entsurge.selectors import json_path
from entsurge.signon import tokens
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address, SignOnOptions

if TYPE_CHECKING:
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Options(SignOnOptions):
    """`[sign_on] method = "json-session"`.

    `ok` is the JSON path of what a successful answer holds and a refusal does not; `token` that of a bearer token, if
    there is one; `before` is a page opened first (for its cookies), `csrf_cookie` goes back in `csrf_header`.
    """

    url: Address
    before: Address | None = None
    login_key: str = "username"
    password_key: str = "password"  # noqa: S105  a key's name
    extra: dict[str, Any] = Field(default_factory=dict)
    ok: str
    token: str = ""
    csrf_cookie: str = ""
    csrf_header: str = ""
    open_door: bool = True

    @field_validator("ok", "token")
    @classmethod
    def _is_path(cls, found: str) -> str:
        if found:
            json_path(found)
        return found


class JsonSession:
    """One POST of JSON."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()
        self.ok = json_path(options.ok)
        self.token = json_path(options.token) if options.token else None

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on; proven by the API's own answer, and by the driver at the door."""
        options = self.options
        if options.before is not None:
            first = flow.get(options.before, "before")
            refused = flow.refusal(first)
            if refused is not None:
                return Arrival(first, refused)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if options.csrf_cookie and options.csrf_header:
            headers[options.csrf_header] = flow.cookie(options.csrf_cookie)
        given = {options.login_key: account.login, options.password_key: account.password, **options.extra}
        answer = flow.once("POST", options.url, "session", headers=headers, body=json.dumps(given).encode())
        value = tokens.value_of(answer)
        refused = flow.refusal(answer) or flow.patterns.rejected(answer, own=True)
        if refused is None and not any(self.ok.findall(value) if isinstance(value, (dict, list)) else ()):
            refused = flow.patterns.rejected(answer) or Refusal.NOT_SIGNED_ON
        if refused is not None:
            return Arrival(answer, refused)
        if self.token is not None:
            found = [each for each in self.token.findall(value) if isinstance(each, str)]
            if found:
                flow.memory.keep(tokens.Tokens(found[0]))
        if not options.open_door:
            return Arrival(answer)
        return flow.arrived(flow.get(door, "door", headers=tokens.authorization(flow.session)))


def method(options: Options) -> JsonSession:
    """The method with these options."""
    return JsonSession(options)
