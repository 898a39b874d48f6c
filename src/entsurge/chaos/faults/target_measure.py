"""A conservation measure of the embedded ENT, which keeps the lease itself."""

import json
from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.chaos.call import bearer, call
from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.policy import access
from entsurge.errors import EntsurgeError


class TargetMeasure(Fault):
    """Switched through `PUT {target}/admin/measures/{measure}`; the token's variable is `token_env`.

    `options` are the measure's own (docs/sandbox.md), such as `{"slots": {"parent": [[0, 8.5]]}}`; its defaults if
    empty.
    """

    kind: ClassVar[str] = "target-measure"
    lease: ClassVar[Lease] = "target"
    evidence: ClassVar[Evidence | None] = None  # the ENT says itself that it is on, or refuses
    target: str
    measure: Annotated[str, Field(pattern="^[a-z][a-z-]*$")]
    options: dict[str, Any] = Field(default_factory=dict)
    token_env: str = "ENTSURGE_ADMIN_TOKEN"  # noqa: S105  the variable's name
    _seconds: float = PrivateAttr(0.0)

    def refusals(self) -> list[str]:
        """Whether its administration takes the token and knows the measure."""
        where = f"{self.target.rstrip('/')}/admin/measures"
        try:
            answer = call("GET", where, None, bearer(self.token_env), access())
            known = sorted(each["name"] for each in json.loads(answer.body)["measures"])
        except EntsurgeError as error:
            return [f"{error}; its token is expected in {self.token_env}"]
        except (ValueError, KeyError, TypeError):
            return [f"{where}: not the administration of the embedded ENT"]
        if self.measure in known:
            return []
        return [f"{where}: no measure {self.measure}; there are {', '.join(known)}"]

    def apply(self, lease_seconds: float) -> None:
        """On, for a lease."""
        self._seconds = lease_seconds
        try:
            self.renew()
        except EntsurgeError as error:
            raise type(error)(f"{error}; its token is expected in {self.token_env}") from None

    def renew(self) -> None:
        """On, for another lease."""
        body = json.dumps({"on": True, "lease_seconds": self._seconds, "options": self.options}).encode()
        call("PUT", self._url(), body, bearer(self.token_env) | {"Content-Type": "application/json"}, access())

    def end(self, before: dict[str, Any]) -> None:
        """Off."""
        del before
        call("DELETE", self._url(), None, bearer(self.token_env), access())

    def undo(self, before: dict[str, Any]) -> None:
        """Nothing: the target's lease does it."""

    def way_back(self, before: dict[str, Any]) -> str:
        """The call that switches it off before its lease does."""
        del before
        return f"DELETE {self._url()}"

    def _url(self) -> str:
        return f"{self.target.rstrip('/')}/admin/measures/{self.measure}"
