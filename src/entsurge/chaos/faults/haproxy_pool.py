"""HAProxy lets so many requests at a time through to each server: an application whose pool is exhausted."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.haproxy import HaproxyFault, of


class HaproxyPool(HaproxyFault):
    """Each server of the backend takes at most `most` at a time; the others wait in HAProxy's queue."""

    kind: ClassVar[str] = "haproxy-pool"
    backend: str
    most: Annotated[int, Field(ge=1)]

    def prepare(self) -> dict[str, Any]:
        """Each server's present limit; 0 is none."""
        return {"limits": {name: row["slim"] or "0" for name, row in self.servers(self.backend).items()}}

    def apply(self, lease_seconds: float) -> None:
        """The limit, on each server."""
        del lease_seconds
        self._before = self.counted()
        for name in self.servers(self.backend):
            self.command(f"set maxconn server {self.backend}/{name} {self.most}")

    def counted(self) -> int:
        """The requests that the backend has had."""
        return self.came_to(self.backend)

    def back(self, before: dict[str, Any]) -> list[str]:
        """The limits as they were."""
        return [f"set maxconn server {self.backend}/{name} {limit}" for name, limit in of(before, "limits").items()]
