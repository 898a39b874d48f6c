"""What the target's own metrics said last; read once a second beside the controller, which must never wait for it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.chaos.policy import access
from entsurge.chaos.watch import StopCondition, target_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY_SECONDS = 1.0


class Readings:
    """The last value of each watched metric; None while there is none."""

    def __init__(self, target: str) -> None:
        self.target, self.read = target, target_metric(target, access())
        self.values: dict[str, float | None] = {}

    def carry(self, headers: dict[str, str]) -> None:
        """Send these with every question: the target's own headers, which no environment or file may hold."""
        self.read = target_metric(self.target, replace(access(), own_headers=headers))

    def watch(self, conditions: Sequence[StopCondition]) -> None:
        """Read these from now on, in a thread that ends with the process."""
        wanted = [each for each in conditions if each.metric]
        if wanted:
            threading.Thread(target=self._run, args=(wanted,), daemon=True).start()

    def value(self, condition: StopCondition) -> float | None:
        """What was last read."""
        return self.values.get(condition.model_dump_json())

    def _run(self, wanted: Sequence[StopCondition]) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY_SECONDS):
            for each in wanted:
                self.values[each.model_dump_json()] = self.read(each)
