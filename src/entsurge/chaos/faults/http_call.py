"""A measure of a real ENT that an HTTP call switches on, and another one off."""

import json
import os
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from entsurge.chaos import policy
from entsurge.chaos.call import bearer, call, unreachable
from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.client.access import Access
from entsurge.errors import EntsurgeError


class Call(BaseModel):
    """One call."""

    model_config = ConfigDict(extra="forbid")
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    body: dict[str, Any] | None = None
    headers: dict[str, str] = {}

    def send(self, token_env: str, access: Access) -> None:
        """Send it. Raises EntsurgeError, NothingSent among them."""
        body = None if self.body is None else json.dumps(self.body).encode()
        kind = {"Content-Type": "application/json"} if body else {}
        call(self.method, self.url, body, kind | self.headers | bearer(token_env), access)


class Look(BaseModel):
    """A call that changes nothing."""

    model_config = ConfigDict(extra="forbid")
    url: str
    method: Literal["GET", "HEAD"] = "GET"
    headers: dict[str, str] = {}


class HttpCall(Fault):
    """`on` is sent at the begin, `off` at the end, by the guardian if need be; a token comes from `token_env`.

    `check` is asked before the run, with the token: where it is not answered 2xx the run does not begin.
    """

    kind: ClassVar[str] = "http-call"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None
    on: Call
    off: Call
    check: Look | None = None
    token_env: str = ""

    def lacks(self) -> list[str]:
        """The token, where one is named."""
        missing = self.token_env and not os.environ.get(self.token_env)
        return [f"{self.token_env} is not set: the token of this call"] if missing else []

    def refusals(self) -> list[str]:
        """What `check` is answered; without one, whether anybody is there at all."""
        if self.check is None:
            said = (unreachable(each.url, policy.access()) for each in (self.on, self.off))
            return list(dict.fromkeys(filter(None, said)))
        try:
            call(self.check.method, self.check.url, None, self.check.headers | bearer(self.token_env), policy.access())
        except EntsurgeError as error:
            return [f"check: {error}"]
        return []

    def prepare(self) -> dict[str, Any]:
        """The way back is the call itself, under the policy of today: whoever undoes it knows no run."""
        return {"access": policy.access().to_json()}

    def apply(self, lease_seconds: float) -> None:
        """On."""
        del lease_seconds
        self.on.send(self.token_env, policy.access())

    def undo(self, before: dict[str, Any]) -> None:
        """Off."""
        self.off.send(self.token_env, policy.of(before["access"]) if "access" in before else policy.access())

    def way_back(self, before: dict[str, Any]) -> str:
        """The call."""
        del before
        body = "" if self.off.body is None else f" {json.dumps(self.off.body)}"
        return f"{self.off.method} {self.off.url}{body}"
