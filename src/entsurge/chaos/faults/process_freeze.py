"""A process stands still: it holds its connections and answers nobody."""

import signal
import time
from typing import Any, ClassVar

from entsurge.chaos.process import Process
from entsurge.chaos.victim import ProcessFault, descendants, kept, known
from entsurge.errors import EntsurgeError

GO_ON_SECONDS = 1.0


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
            self._hit.add(each)

    def touched(self) -> int:
        """Those that stand still."""
        return sum(each.alive() and each.stopped() for each in self._hit)

    def undo(self, before: dict[str, Any]) -> None:
        """Let them go on, and whom they had started meanwhile. Raises EntsurgeError when one still stands."""
        frozen = known(before.get("frozen", []))
        everybody = {one for each in frozen for one in (each, *(descendants(each.pid) if each.alive() else ()))}
        wrong = [str(error) for each in everybody if (error := _continued(each)) is not None]
        limit = time.monotonic() + GO_ON_SECONDS
        while (standing := [each.pid for each in everybody if each.alive() and each.stopped()]) and not wrong:
            if time.monotonic() > limit:
                wrong.append(f"still stopped: {', '.join(map(str, standing))}")
            time.sleep(0.02)
        if wrong:
            raise EntsurgeError("; ".join(wrong))

    def way_back(self, before: dict[str, Any]) -> str:
        """The command."""
        return " ".join(["kill -CONT", *(str(each.pid) for each in known(before.get("frozen", [])))])


def _continued(one: Process) -> OSError | None:
    """Send it SIGCONT; what was in the way."""
    try:
        one.send(signal.SIGCONT)
    except OSError as error:
        return OSError(f"process {one.pid}: {error.strerror}")
    return None
