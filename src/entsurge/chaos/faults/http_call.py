"""A measure of a real ENT that an HTTP call switches on, and another one off."""

import json
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from entsurge.chaos import policy
from entsurge.chaos.call import bearer, call
from entsurge.chaos.faults.fault import Fault, Lease
from entsurge.client.access import Access


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


class HttpCall(Fault):
    """`on` is sent at the begin, `off` at the end, by the guardian if need be; a token comes from `token_env`."""

    kind: ClassVar[str] = "http-call"
    lease: ClassVar[Lease] = "guardian"
    on: Call
    off: Call
    token_env: str = ""

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
