"""A process stands still: it holds its connections and answers nobody."""

import signal
from typing import Any, ClassVar

from entsurge.chaos.victim import ProcessFault, kept, known


class ProcessFreeze(ProcessFault):
    """SIGSTOP, and SIGCONT at the end."""

    kind: ClassVar[str] = "process-freeze"

    def prepare(self) -> dict[str, Any]:
        """Who is to go on later."""
        return {"frozen": kept(self.victims())}

    def apply(self, lease_seconds: float) -> None:
        """Stop them, the first first, so that it starts no others."""
        del lease_seconds
        for each in self.victims():
            each.send(signal.SIGSTOP)

    def undo(self, before: dict[str, Any]) -> None:
        """Let them go on."""
        for each in known(before.get("frozen", [])):
            each.send(signal.SIGCONT)
