"""What the target's own metrics said last; read once a second beside the controller, which must never wait for it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.chaos.policy import access
from entsurge.chaos.watch import Reading, StopCondition, target_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY_SECONDS = 1.0
STALE_SECONDS = 3.0  # a value older than that says nothing of now


class Readings:
    """The last reading of each watched metric."""

    def __init__(self, target: str) -> None:
        self.target, self.read = target, target_metric(target, access())
        self.found: dict[str, tuple[float, Reading]] = {}

    def carry(self, headers: dict[str, str]) -> None:
        """Send these with every question: the target's own headers, which no environment or file may hold."""
        self.read = target_metric(self.target, replace(access(), own_headers=headers))

    def watch(self, conditions: Sequence[StopCondition]) -> None:
        """Read these from now on, each in a thread that ends with the process: a slow one holds up no other."""
        for each in {each.model_dump_json(): each for each in conditions if each.metric}.values():
            threading.Thread(target=self._run, args=(each,), daemon=True).start()

    def value(self, condition: StopCondition) -> Reading:
        """What was last read; nothing where that is too long ago."""
        at, found = self.found.get(condition.model_dump_json(), (0.0, Reading(None)))
        if time.monotonic() - at > STALE_SECONDS:
            return Reading(None, f"no value of {condition.metric}: nothing read for {STALE_SECONDS:g} s")
        return found

    def _run(self, condition: StopCondition) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY_SECONDS):
            found = self.read(condition)
            self.found[condition.model_dump_json()] = time.monotonic(), found
