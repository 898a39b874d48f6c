"""A process, known by id and by when it started, so that another one with its id is never taken for it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """Id and start time in the kernel's ticks."""

    pid: int
    started: int

    @staticmethod
    def of(pid: int) -> Process | None:
        """The process that has this id now; none when nobody has, or when it is dead and not yet buried."""
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if after_name[0] in "ZX" else Process(pid, int(after_name[19]))

    @staticmethod
    def me() -> Process:
        """This process."""
        found = Process.of(os.getpid())
        if found is None:
            raise OSError("this system has no /proc")
        return found

    def alive(self) -> bool:
        """Whether it still lives."""
        return Process.of(self.pid) == self

    def stopped(self) -> bool:
        """Whether it is frozen by a signal."""
        try:
            after_name = Path(f"/proc/{self.pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            return False
        return after_name[0] in "Tt"

    def send(self, number: signal.Signals) -> bool:
        """Send it a signal if it is still the same process; whether that was so."""
        if not self.alive():
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return True

    def end(self, patience_seconds: float) -> None:
        """End it in order, and by force when its patience has run out."""
        if not self.send(signal.SIGTERM):
            return
        limit = time.monotonic() + patience_seconds
        while self.alive() and time.monotonic() < limit:
            time.sleep(0.02)
        self.send(signal.SIGKILL)
