"""Envoy delays requests: of a route, of a persona, or of a share of everybody."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.envoy_fault import EnvoyRequestFault


class EnvoyDelay(EnvoyRequestFault):
    """The requests that it hits wait so long before they go on to the target."""

    kind: ClassVar[str] = "envoy-delay"
    delay_seconds: Annotated[float, Field(gt=0, le=300)]

    def apply(self, lease_seconds: float) -> None:
        """Serve the delay with a TTL."""
        delay = {"fixed_delay": f"{self.delay_seconds:.6f}s", "percentage": self.share()}
        self.serve_filter("delay", {"delay": delay}, lease_seconds)
