"""HAProxy takes servers of a backend out of service: a node that is gone, or all of them."""

from typing import Any, ClassVar

from pydantic import Field

from entsurge.chaos.haproxy import HaproxyFault, of
from entsurge.errors import EntsurgeError


class HaproxyBackendDown(HaproxyFault):
    """These servers of the backend are in maintenance; all of them when none is named."""

    kind: ClassVar[str] = "haproxy-backend-down"
    backend: str
    servers_down: list[str] = Field(default_factory=list)

    def prepare(self) -> dict[str, Any]:
        """Which servers are in service now."""
        known = self.servers(self.backend)
        wanted = self.servers_down or list(known)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise EntsurgeError(f"backend {self.backend} has no server {', '.join(unknown)}")
        return {"ready": {name: "ready" for name in wanted if not known[name]["status"].startswith("MAINT")}}

    def apply(self, lease_seconds: float) -> None:
        """Out of service, and what they were doing is cut."""
        del lease_seconds
        self._before = self.counted()
        for name in self.servers_down or list(self.servers(self.backend)):
            self.command(f"set server {self.backend}/{name} state maint")
            self.command(f"shutdown sessions server {self.backend}/{name}")

    def counted(self) -> int:
        """The requests that the backend has had."""
        return self.came_to(self.backend)

    def back(self, before: dict[str, Any]) -> list[str]:
        """Those that were in service are again."""
        return [f"set server {self.backend}/{name} state {state}" for name, state in of(before, "ready").items()]
