"""What Envoy's faults share: a control plane that holds them by TTL, whom they hit, and Envoy's count of those."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.audience.shape import PersonaKey
from entsurge.chaos.envoy_slots import ADMIN, SLOTS, matched
from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.lacking import envoy
from entsurge.client.access import Access
from entsurge.client.failure import ClientError
from entsurge.errors import EntsurgeError

ASK_SECONDS = 1.0


class EnvoyFault(Fault):
    """A fault at an edge whose control planes are asked from `control_port` on, and whose admin port comes after."""

    lease: ClassVar[Lease] = "xds"
    evidence: ClassVar[Evidence | None] = "requests"
    control_port: Annotated[int, Field(ge=1, le=65_530)]
    _plane: Any = PrivateAttr(None)
    _counter: str = PrivateAttr("")
    _before: int | None = PrivateAttr(None)

    @classmethod
    def lacks_here(cls) -> list[str]:
        """Envoy, or what speaks to it."""
        return envoy()

    def serve(self, slot: str, plane: Any) -> None:
        """Put the resource into its place at the edge; returns when Envoy has it. Raises EntsurgeError."""
        self._plane, self._counter = plane, SLOTS[slot].counter
        try:
            self._before = self._count()
        except EntsurgeError:
            self._before = None  # whether anything is there to be counted is said when it is asked for
        plane.start(self.control_port + SLOTS[slot].offset)

    def touched(self) -> int:
        """By Envoy's own counter, since it was applied."""
        if self._before is None:
            raise EntsurgeError(f"Envoy's admin interface was not at 127.0.0.1:{self.control_port + ADMIN}")
        return self._count() - self._before

    def renew(self) -> None:
        """Send it again, for another TTL."""
        if self._plane is not None:
            self._plane.renew()

    def end(self, before: dict[str, Any]) -> None:
        """Take it back."""
        del before
        if self._plane is not None:
            self._plane.end()

    def undo(self, before: dict[str, Any]) -> None:
        """Nothing: the TTL does it."""

    def _count(self) -> int:
        url = f"http://127.0.0.1:{self.control_port + ADMIN}/stats?filter=^{self._counter}$"
        try:
            answer = Access().blocking().request("GET", url, deadline_seconds=ASK_SECONDS)
        except ClientError as error:
            raise EntsurgeError(f"Envoy does not say what it has touched: {error}") from None
        lines = [line.rpartition(": ") for line in answer.text.splitlines()]
        return sum(int(value) for name, _, value in lines if name == self._counter)


class EnvoyRequestFault(EnvoyFault):
    """Hits `percent` of the requests whose path begins with one of `routes`, at `hosts`, of `personas`; none means all.

    A `*` in a route stands for one part of a path: /etab/*/visio. Hosts are those of the target, its sign-on's among
    them.

    Personas are known by the header that our visitors send; visits of the control cohort are never hit.
    """

    routes: list[str] = Field(default_factory=list)
    hosts: list[Annotated[str, Field(pattern=r"^[^\s/:*]+$|^[0-9a-f:]+$")]] = Field(default_factory=list)
    personas: list[PersonaKey] = Field(default_factory=list)
    percent: Annotated[float, Field(gt=0, le=100)] = 100

    def serve_filter(self, slot: str, config: dict[str, Any], lease_seconds: float) -> None:
        """Serve this configuration of Envoy's fault filter."""
        from entsurge.chaos import xds  # needs grpc, which only faults at an edge do

        name = SLOTS[slot].resource
        aimed = config | {"headers": matched(self.routes, list(self.personas), self.hosts)}
        plane = xds.ControlPlane(xds.FILTER, name, xds.http_fault(name, aimed), xds.http_fault(name, {}), lease_seconds)
        self.serve(slot, plane)

    def share(self) -> dict[str, Any]:
        """The percentage as Envoy's fraction."""
        return {"numerator": round(self.percent * 10_000), "denominator": "MILLION"}
