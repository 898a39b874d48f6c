"""Conservation measures of the embedded ENT, switched through its admin route and held by a lease."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.chaos.experiment import Experiment

    Send = Callable[[str, str, bytes, dict[str, str]], int]


class Lease(Protocol):
    """A perturbation in force: it ends by itself unless renewed."""

    seconds: int

    def renew(self) -> None:
        """Hold it for another lease."""
        ...

    def end(self) -> None:
        """End it now."""
        ...


class Perturbation(Protocol):
    """Something that can be applied to a target."""

    def apply(self) -> Lease:
        """Put it in force."""
        ...


class Measure:
    """One conservation measure at a target; `send` makes the HTTP call (method, url, body, headers) → status."""

    def __init__(self, experiment: Experiment, *, url: str, token: str, send: Send) -> None:
        self.experiment, self.token, self.send = experiment, token, send
        self.url = f"{url.rstrip('/')}/admin/measures/{experiment.extension.measure}"
        self.seconds = experiment.extension.lease_seconds

    def apply(self) -> Measure:
        """Switch the measure on for one lease. Raises UsageError when the target refuses."""
        status = self._put()
        if status >= 300:
            hint = "set ENTSURGE_ADMIN_TOKEN to the sandbox's token" if status == 401 else ""
            raise UsageError(f"{self.experiment.id}: the target answered {status} to the measure", hint=hint)
        return self

    def renew(self) -> None:
        """Hold the measure for another lease."""
        self._put()

    def end(self) -> None:
        """Switch the measure off."""
        self.send("DELETE", self.url, b"", self._headers())

    def _put(self) -> int:
        body = json.dumps({"on": True, "lease_seconds": self.seconds}).encode()
        return self.send("PUT", self.url, body, self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
