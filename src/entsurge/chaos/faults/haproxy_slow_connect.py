"""HAProxy accepts so many connections a second: the others wait in the system's queue before anybody greets them."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.faults.fault import Evidence
from entsurge.chaos.haproxy import HaproxyFault, ask
from entsurge.errors import EntsurgeError


class HaproxySlowConnect(HaproxyFault):
    """At most so many new connections a second, over all of this HAProxy."""

    kind: ClassVar[str] = "haproxy-slow-connect"
    evidence: ClassVar[Evidence | None] = "connections"
    connections_per_second: Annotated[int, Field(ge=1)]

    def prepare(self) -> dict[str, Any]:
        """The present limit; 0 is none."""
        return {"limit": self._told("ConnRateLimit")}

    def apply(self, lease_seconds: float) -> None:
        """The limit."""
        del lease_seconds
        self._before = self.counted()
        self.command(f"set rate-limit connections global {self.connections_per_second}")

    def counted(self) -> int:
        """The connections that it has accepted."""
        return int(self._told("CumConns"))

    def back(self, before: dict[str, Any]) -> list[str]:
        """The limit as it was."""
        return [f"set rate-limit connections global {before['limit']}"] if before else []

    def _told(self, wanted: str) -> str:
        for line in ask(self.socket, "show info").splitlines():
            name, _, value = line.partition(": ")
            if name == wanted:
                return value
        raise EntsurgeError(f"HAProxy at {self.socket} says nothing of {wanted}")
