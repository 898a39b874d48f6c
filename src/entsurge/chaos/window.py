"""The child's end of the pipe: whether the window goes on, and where to say what happened.

In a run the controller speaks on standard input: `go`, then `hold` several times a second, then `end`. When it is
silent for a lease, or gone, the window is over. Under plain `chaos run` a window has its seconds.
"""

from __future__ import annotations

import json
import os
import select
import time
from dataclasses import dataclass, field
from typing import Any

REPORTS, CONTROLLER, RUN, ID, BY_HAND_SECONDS = (
    "ENTSURGE_REPORTS", "ENTSURGE_CONTROLLER", "ENTSURGE_RUN", "ENTSURGE_EXPERIMENT", 10.0,
)  # fmt: skip
STEADY, UNSTEADY = "steady", "unsteady"  # what the steady state's probes found while it was in force


@dataclass
class Window:
    """One window of time in which a fault is in force."""

    lease_seconds: float
    seconds: float
    reports: int | None = None
    ended_by: str = ""
    heard: float = field(default_factory=time.monotonic)
    begun: float = 0.0

    @classmethod
    def here(cls, lease_seconds: float, seconds: float) -> Window:
        """The window that this process was started for."""
        given = os.environ.get(REPORTS)
        return cls(lease_seconds, seconds, int(given) if given else None)

    def wait_for_go(self) -> bool:
        """Wait until the window begins; false when it never will."""
        while self.reports is not None and not self.begun and not self.ended_by:
            self._listen(1.0, patience=3600.0)
        self.begun = self.begun or time.monotonic()
        return not self.ended_by

    def goes_on(self, seconds: float) -> bool:
        """Wait so long; whether the window still goes on then. Returns early when it ends."""
        limit = min(time.monotonic() + seconds, self.begun + self.seconds)
        while not self.ended_by and (left := limit - time.monotonic()) > 0:
            if self.reports is None:
                time.sleep(left)
            else:
                self._listen(left, patience=self.lease_seconds)
        if time.monotonic() >= self.begun + self.seconds:
            self.ended_by = self.ended_by or "normal"
        return not self.ended_by

    def say(self, state: str, **more: Any) -> None:
        """Tell the controller, if there is one."""
        if self.reports is not None:
            line = json.dumps({"state": state, "at": time.monotonic(), **more}) + "\n"
            try:
                os.write(self.reports, line.encode())
            except BrokenPipeError:
                self.ended_by = self.ended_by or "controller gone"

    def _listen(self, seconds: float, *, patience: float) -> None:
        readable, _, _ = select.select([0], [], [], min(seconds, patience))
        now = time.monotonic()
        if readable:
            heard = os.read(0, 4096)
            self.heard = now
            words = heard.decode("ascii", "replace").split()
            if not heard:
                self.ended_by = self.ended_by or "controller gone"
            elif "go" in words:
                self.begun = now
            for word in words:
                if word.startswith("end"):
                    self.ended_by = self.ended_by or word.partition(":")[2] or "normal"
        elif now - self.heard > patience:
            self.ended_by = self.ended_by or "controller silent"
