"""One second's pages by persona: what the stop conditions are judged by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.record.recorder import Fold


class SecondOfPages:
    """Counts by outcome and the 95th percentile of service time, of every process's pages, for each of `personas`."""

    def __init__(self, personas: Iterable[str]) -> None:
        personas = list(personas)
        self.outcomes: dict[str, Counter[str]] = {persona: Counter() for persona in personas}
        self.times_us: dict[str, list[Any]] = {persona: [] for persona in personas}

    def fold(self, fold: Fold) -> None:
        """Take in one process's pages, sign-on included."""
        for key, count in fold.counts.items():
            if key.kind == "page":
                self.outcomes[key.persona][key.outcome] += count
                self.times_us[key.persona].append(fold.times_us[key])

    def by_persona(self) -> dict[str, dict[str, Any]]:
        """ok, shed, failed and p95_seconds (None of no pages) of each persona."""
        found: dict[str, dict[str, Any]] = {}
        for persona, of in self.outcomes.items():
            times = self.times_us[persona]
            p95 = float(np.percentile(np.concatenate(times), 95)) / 1e6 if times else None
            found[persona] = {**{name: of[name] for name in ("ok", "shed", "failed")}, "p95_seconds": p95}
        return found
