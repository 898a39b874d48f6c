"""Envoy answers requests itself with an error: of a route, of a persona, or of a share of everybody."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.envoy_fault import EnvoyRequestFault


class EnvoyAbort(EnvoyRequestFault):
    """The requests that it hits are answered with `status` and never reach the target."""

    kind: ClassVar[str] = "envoy-abort"
    status: Annotated[int, Field(ge=200, le=599)] = 503

    def apply(self, lease_seconds: float) -> None:
        """Serve the answer with a TTL."""
        self.serve_filter("abort", {"abort": {"http_status": self.status, "percentage": self.share()}}, lease_seconds)
