"""Envoy accepts so many connections and closes what comes beyond: a front door that is too narrow."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.envoy_fault import EnvoyFault
from entsurge.chaos.envoy_slots import LISTENER, SLOTS
from entsurge.chaos.faults.fault import Evidence


class EnvoyConnections(EnvoyFault):
    """At most so many connections at a time, for everybody; its evidence are those that were closed."""

    kind: ClassVar[str] = "envoy-connections"
    evidence: ClassVar[Evidence | None] = "connections"
    most: Annotated[int, Field(ge=0)]

    def apply(self, lease_seconds: float) -> None:
        """Serve the limit as a runtime layer with a TTL."""
        from entsurge.chaos import xds  # needs grpc, which only faults at an edge do

        name = SLOTS["connections"].resource
        values = {f"envoy.resource_limits.listener.{LISTENER}.connection_limit": self.most}
        plane = xds.ControlPlane(xds.RUNTIME, name, xds.runtime(name, values), xds.runtime(name, {}), lease_seconds)
        self.serve("connections", plane)
