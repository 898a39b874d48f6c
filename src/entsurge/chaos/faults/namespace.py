"""A network namespace that a run has made for its visitors: taken away with the run, or by whoever finds it later."""

import subprocess
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError

PLACES = Path("/run/netns")


class Namespace(Fault):
    """No fault by itself: the place where network faults are put. Held by the run, not by an experiment."""

    kind: ClassVar[str] = "namespace"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None
    name: Annotated[str, Field(pattern=r"^entsurge-[0-9]+$")]

    def apply(self, lease_seconds: float) -> None:
        """Make it, with its loopback. Raises EntsurgeError where that is not allowed."""
        del lease_seconds
        for arguments in (["netns", "add", self.name], ["-n", self.name, "link", "set", "lo", "up"]):
            done = self._ip(*arguments)
            if done.returncode:
                raise EntsurgeError(f"no network namespace can be made: {done.stderr.strip()}")

    def undo(self, before: dict[str, Any]) -> None:
        """Take it away, if it is there. Raises EntsurgeError when it stays."""
        del before
        done = self._ip("netns", "del", self.name)
        if done.returncode and (PLACES / self.name).exists():
            raise EntsurgeError(f"the network namespace {self.name} cannot be removed: {done.stderr.strip()}")

    def way_back(self, before: dict[str, Any]) -> str:
        """The command."""
        del before
        return f"ip netns del {self.name}"

    @staticmethod
    def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607  ip
