"""A process is killed; whoever keeps it starts it again, or we do."""

import signal
import subprocess
from typing import Any, ClassVar, Literal

from pydantic import Field

from entsurge.chaos.victim import ProcessFault
from entsurge.errors import EntsurgeError


class ProcessKill(ProcessFault):
    """Killed at once; kept down with `keep_down`; at the end `restart` is run unless its process lives again.

    Without `restart` its supervisor is trusted to start it.
    """

    kind: ClassVar[str] = "process-kill"
    restart: list[str] = Field(default_factory=list)
    folder: str = ""  # where `restart` is run
    keep_down: bool = True
    signal: Literal["KILL", "TERM"] = "KILL"

    def prepare(self) -> dict[str, Any]:
        """Whom it is about."""
        first = self.victims()[0]
        return {"pid": first.pid, "started": first.started}

    def apply(self, lease_seconds: float) -> None:
        """Kill it and its children."""
        del lease_seconds
        self._kill()

    def renew(self) -> None:
        """Kill it again if its supervisor has brought it back."""
        if self.keep_down and self.victim() is not None:
            self._kill()

    def undo(self, before: dict[str, Any]) -> None:
        """Start it again, unless it lives."""
        del before
        if self.victim() is not None or not self.restart:
            return
        try:
            subprocess.Popen(  # noqa: S603  the operator's own command
                self.restart, cwd=self.folder or "/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EntsurgeError(f"restart: {' '.join(self.restart)}: {error.strerror}") from None

    def _kill(self) -> None:
        for each in reversed(self.victims()):
            each.send(signal.SIGKILL if self.signal == "KILL" else signal.SIGTERM)
