"""What Envoy's faults share: a control plane that holds them by TTL, and whom they hit."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.audience.shape import PersonaKey
from entsurge.chaos.envoy_slots import SLOTS, matched
from entsurge.chaos.faults.fault import Fault, Lease
from entsurge.chaos.lacking import envoy


class EnvoyFault(Fault):
    """A fault at an edge whose control planes are asked from `control_port` on."""

    lease: ClassVar[Lease] = "xds"
    control_port: Annotated[int, Field(ge=1, le=65_530)]
    _plane: Any = PrivateAttr(None)

    @classmethod
    def lacks_here(cls) -> list[str]:
        """Envoy, or what speaks to it."""
        return envoy()

    def serve(self, slot: str, plane: Any) -> None:
        """Put the resource into its place at the edge; returns when Envoy has it. Raises EntsurgeError."""
        self._plane = plane
        plane.start(self.control_port + SLOTS[slot].offset)

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


class EnvoyRequestFault(EnvoyFault):
    """Hits `percent` of the requests whose path begins with one of `routes`, of `personas`; none means all.

    A `*` in a route stands for one part of a path: /etab/*/visio.

    Personas are known by the header that our visitors send; visits of the control cohort are never hit.
    """

    routes: list[str] = Field(default_factory=list)
    personas: list[PersonaKey] = Field(default_factory=list)
    percent: Annotated[float, Field(gt=0, le=100)] = 100

    def serve_filter(self, slot: str, config: dict[str, Any], lease_seconds: float) -> None:
        """Serve this configuration of Envoy's fault filter."""
        from entsurge.chaos import xds  # needs grpc, which only faults at an edge do

        name = SLOTS[slot].resource
        aimed = config | {"headers": matched(self.routes, list(self.personas))}
        plane = xds.ControlPlane(xds.FILTER, name, xds.http_fault(name, aimed), xds.http_fault(name, {}), lease_seconds)
        self.serve(slot, plane)

    def share(self) -> dict[str, Any]:
        """The percentage as Envoy's fraction."""
        return {"numerator": round(self.percent * 10_000), "denominator": "MILLION"}
