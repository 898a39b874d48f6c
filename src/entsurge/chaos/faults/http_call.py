"""A measure of a real ENT that an HTTP call switches on, and another one off."""

import json
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from entsurge.chaos.call import bearer, call
from entsurge.chaos.faults.fault import Fault, Lease


class Call(BaseModel):
    """One call."""

    model_config = ConfigDict(extra="forbid")
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    body: dict[str, Any] | None = None
    headers: dict[str, str] = {}

    def send(self, token_env: str) -> None:
        """Send it. Raises EntsurgeError."""
        body = None if self.body is None else json.dumps(self.body).encode()
        kind = {"Content-Type": "application/json"} if body else {}
        call(self.method, self.url, body, kind | self.headers | bearer(token_env))


class HttpCall(Fault):
    """`on` is sent at the begin, `off` at the end, by the guardian if need be; a token comes from `token_env`."""

    kind: ClassVar[str] = "http-call"
    lease: ClassVar[Lease] = "guardian"
    on: Call
    off: Call
    token_env: str = ""

    def prepare(self) -> dict[str, Any]:
        """The way back is the call itself."""
        return {"off": True}

    def apply(self, lease_seconds: float) -> None:
        """On."""
        del lease_seconds
        self.on.send(self.token_env)

    def undo(self, before: dict[str, Any]) -> None:
        """Off."""
        del before
        self.off.send(self.token_env)
