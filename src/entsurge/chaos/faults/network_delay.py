"""Packets are late: netem, where the kernel has it."""

import re
import shlex
import subprocess
from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.faults.namespace import PLACES
from entsurge.chaos.lacking import netem
from entsurge.errors import EntsurgeError

PASSED = re.compile(r"Sent \d+ bytes (\d+) pkt")


class NetworkDelay(Fault):
    """Every packet that leaves by `device` in the namespace is so late, give or take the jitter."""

    kind: ClassVar[str] = "network-delay"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = "packets"
    netns: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = "lo"
    delay_ms: Annotated[int, Field(ge=1, le=60_000)]
    jitter_ms: Annotated[int, Field(ge=0, le=60_000)] = 0

    @classmethod
    def lacks_here(cls) -> list[str]:
        """A kernel with netem, and tc."""
        return netem()

    def apply(self, lease_seconds: float) -> None:
        """Put the queue in place."""
        del lease_seconds
        done = self._tc("add", "netem", "delay", f"{self.delay_ms}ms", f"{self.jitter_ms}ms")
        if done.returncode:
            raise EntsurgeError(f"tc: {done.stderr.strip()}")

    def touched(self) -> int:
        """What has left by the queue, as tc counts it. Raises EntsurgeError when there is none."""
        shown = self._tc("show", statistics=True)
        found = PASSED.search(shown.stdout.partition("netem")[2])
        if shown.returncode or found is None:
            raise EntsurgeError(f"tc: {shown.stderr.strip() or 'no queue of netem'}")
        return int(found[1])

    def undo(self, before: dict[str, Any]) -> None:
        """Take it away, if it is there. Raises EntsurgeError when it stays, or when nobody can say."""
        del before
        done = self._tc("del")
        if done.returncode == 0 or not (PLACES / self.netns).exists():
            return
        shown = self._tc("show")
        if shown.returncode or "netem" in shown.stdout:
            raise EntsurgeError(f"tc: {(done.stderr or shown.stderr).strip()}")

    def way_back(self, before: dict[str, Any]) -> str:
        """The command."""
        del before
        return shlex.join(self._arguments("del"))

    def _tc(self, verb: str, *more: str, statistics: bool = False) -> subprocess.CompletedProcess[str]:
        arguments = self._arguments(verb, *more, statistics=statistics)
        return subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603  tc

    def _arguments(self, verb: str, *more: str, statistics: bool = False) -> list[str]:
        place = [] if verb == "show" else ["root"]
        told = ["-s"] if statistics else []
        return ["ip", "netns", "exec", self.netns, "tc", *told, "qdisc", verb, "dev", self.device, *place, *more]
