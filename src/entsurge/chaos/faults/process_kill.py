"""A process is killed; whoever keeps it starts it again, or we do."""

import shlex
import signal
import subprocess
import time
from typing import Any, ClassVar, Literal

from pydantic import Field

from entsurge.chaos.process import Process
from entsurge.chaos.victim import ProcessFault
from entsurge.errors import EntsurgeError

BACK_SECONDS = 5.0  # for a process to be seen again
DYING_SECONDS = 1.0  # for one that was told to die a moment ago


class ProcessKill(ProcessFault):
    """Killed at once; kept down with `keep_down`; at the end `restart` is run unless its process lives again.

    Without `restart` its supervisor is trusted to start it; where it keeps a `pid_file`, it is seen whether it has.
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

    def touched(self) -> int:
        """Those that have ended since."""
        return sum(not each.alive() for each in self._hit)

    def undo(self, before: dict[str, Any]) -> None:
        """Start it again, unless it lives; returns when it is seen to live, or to have been started.

        Raises EntsurgeError when `restart` fails, and when the process of `pid_file` does not come back.
        """
        killed = Process(before["pid"], before["started"]) if before else None
        limit = time.monotonic() + DYING_SECONDS
        while killed is not None and self.victim() == killed and time.monotonic() < limit:
            time.sleep(0.02)
        if self.victim() is not None or not (self.restart or self.pid_file):
            return
        started = self._restarted() if self.restart else None
        limit = time.monotonic() + BACK_SECONDS
        while self.victim() is None:
            ended = started.poll() if started is not None else None
            if ended:
                raise EntsurgeError(f"restart: {shlex.join(self.restart)}: exit {ended}")
            if ended == 0 and not self.pid_file:
                return
            if time.monotonic() > limit:
                if started is not None and ended is None:
                    return  # it is at work, perhaps as the process itself
                raise EntsurgeError(f"no process in {self.pid_file} {BACK_SECONDS:g} s after it was to be there again")
            time.sleep(0.05)

    def way_back(self, before: dict[str, Any]) -> str:
        """The command, or who is to do it."""
        del before
        return shlex.join(self.restart) or f"start the process of {self.pid or self.pid_file} again"

    def _restarted(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  the operator's own command
                self.restart, cwd=self.folder or "/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EntsurgeError(f"restart: {shlex.join(self.restart)}: {error.strerror}") from None

    def _kill(self) -> None:
        for each in reversed(self.victims()):
            each.send(signal.SIGKILL if self.signal == "KILL" else signal.SIGTERM)
            self._hit.add(each)
