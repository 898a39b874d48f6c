"""A process gets a share of one processor, by a control group of its own."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.chaos import cgroup
from entsurge.chaos.faults.fault import Evidence
from entsurge.chaos.victim import ProcessFault, kept, known
from entsurge.errors import EntsurgeError


class ProcessThrottle(ProcessFault):
    """At most `processors` (0.1: a tenth of one) for the process and its children together."""

    kind: ClassVar[str] = "process-throttle"
    evidence: ClassVar[Evidence | None] = "periods"
    processors: Annotated[float, Field(ge=0.01, le=1024)]
    _group: str = PrivateAttr("")

    @classmethod
    def lacks_here(cls) -> list[str]:
        """A processor controller among the control groups, and the right to write there."""
        return cgroup.lacks()

    def prepare(self) -> dict[str, Any]:
        """Which group each process is in now."""
        victims = self.victims()
        name = f"entsurge-{victims[0].pid}-{victims[0].started}"
        return {"group": name, "victims": kept(victims), "homes": [cgroup.home(each.pid) for each in victims]}

    def apply(self, lease_seconds: float) -> None:
        """A group with a quota, and the processes in it."""
        del lease_seconds
        victims = self.victims()
        self._group = f"entsurge-{victims[0].pid}-{victims[0].started}"
        try:
            cgroup.confine(self._group, [each.pid for each in victims], self.processors)
        except OSError as error:
            raise EntsurgeError(f"control group: {error}") from None

    def touched(self) -> int:
        """The periods in which the kernel held them back."""
        return cgroup.throttled(self._group)

    def undo(self, before: dict[str, Any]) -> None:
        """Back into their groups; ours is removed. Raises EntsurgeError when one of them stays."""
        if not before:
            return
        homes = zip(known(before["victims"]), before["homes"], strict=True)
        try:
            cgroup.release(before["group"], {each.pid: home for each, home in homes if each.alive()})
        except OSError as error:
            raise EntsurgeError(f"control group {before['group']}: {error}") from None

    def way_back(self, before: dict[str, Any]) -> str:
        """Where they belong."""
        rows = zip(known(before["victims"]), before["homes"], strict=True)
        return f"move out of the control group {before['group']}: " + ", ".join(
            f"{each.pid} to {home}" for each, home in rows
        )
