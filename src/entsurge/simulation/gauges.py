"""gauges.jsonl of a simulation: who is there, and how many have come, a line a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.record.layout import GAUGES

if TYPE_CHECKING:
    from entsurge.record.writer import RunDirectory
    from entsurge.simulation.attempts import Attempts


class Gauges:
    """Writes one line for each second that is over."""

    def __init__(self, directory: RunDirectory, attempts: Attempts) -> None:
        self.directory, self.attempts = directory, attempts

    def second(self, second: int) -> None:
        """The second that ends now; the generator's own figures are none, since there is none."""
        attempts = self.attempts
        row = {
            "t": second, "offered": attempts.offered.total(), "started": attempts.started.total(),
            "lost": attempts.lost.total(), "retries": attempts.retries_started, "visitors": dict(attempts.present),
            "start_lag_p99_us": 0, "cpu_share": 0.0, "processes": {}, "descriptors": 0, "stall_us": 0,
        }  # fmt: skip
        self.directory.append(GAUGES, row)
