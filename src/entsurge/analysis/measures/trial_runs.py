"""The runs of a trial as tables: a row a block, a column an arm, NaN where a run is missing or not to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from entsurge.analysis.measures.design import NONE, Arm

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from entsurge.analysis.measures.served import RunOutcome, Served

Quantity = Literal["pages", "people"]


class TrialRun(NamedTuple):
    """One run of a trial; `path` is its directory, relative to the trial's."""

    stage: str
    block: int
    arm: Arm
    path: str
    outcome: RunOutcome


@dataclass(frozen=True)
class TrialRuns:
    """All runs of a trial that are known."""

    runs: Sequence[TrialRun]

    @cached_property
    def blocks(self) -> list[tuple[str, int]]:
        """The blocks that have begun, in order."""
        return list(dict.fromkeys((run.stage, run.block) for run in self.runs))

    @cached_property
    def arms(self) -> list[Arm]:
        """The arms but none: singles first, by name."""
        met = dict.fromkeys(run.arm for run in sorted(self.runs, key=lambda run: (len(run.arm), run.arm)))
        return [arm for arm in met if arm != NONE]

    @cached_property
    def believed(self) -> list[TrialRun]:
        """Runs that say something."""
        return [run for run in self.runs if run.outcome.broken is None]

    def of_stage(self, name: str) -> TrialRuns:
        """The runs of one stage alone."""
        return TrialRuns([run for run in self.runs if run.stage == name])

    @cached_property
    def personas(self) -> list[str]:
        """Those of whom the runs tell."""
        return list(dict.fromkeys(name for run in self.runs for name in run.outcome.personas))

    @cached_property
    def protected(self) -> set[str]:
        """Whom the profile puts first."""
        return {name for run in self.runs for name in run.outcome.protected}

    def planned(self, personas: Collection[str]) -> int:
        """The pages that these personas planned in the window: the same in every run."""
        first = next(iter(self.believed), None)
        if first is None:
            return 0
        return sum(of.planned for name, of in first.outcome.personas.items() if name in personas)

    def column(self, arm: Arm, quantity: Quantity, personas: Collection[str]) -> NDArray[np.float64]:
        """What these personas were served in the runs of an arm, by block; NaN where there is none."""
        column = np.full(len(self._rows), np.nan)
        for run in self._believed_of.get(arm, ()):
            served = (of for name, of in run.outcome.personas.items() if name in personas)
            column[self._rows[run.stage, run.block]] = sum(_amount(of, quantity) for of in served)
        return column

    @cached_property
    def _rows(self) -> dict[tuple[str, int], int]:
        return {block: row for row, block in enumerate(self.blocks)}

    @cached_property
    def _believed_of(self) -> dict[Arm, list[TrialRun]]:
        found: dict[Arm, list[TrialRun]] = {}
        for run in self.believed:
            found.setdefault(run.arm, []).append(run)
        return found


def _amount(of: Served, quantity: Quantity) -> int:
    return of.pages if quantity == "pages" else of.people
