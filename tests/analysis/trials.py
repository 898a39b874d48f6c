"""Trials of measures with known effects, for tests: what each run serves is the truth and the luck of its block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.measures.design import first_stage, order
from entsurge.analysis.measures.served import RunOutcome, Served
from entsurge.analysis.measures.trial_runs import TrialRun, TrialRuns
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.analysis.measures.design import Arm

PLANNED = 1000
TITLES = {name: {"fr": f"mesure {name}", "en": f"measure {name}"} for name in "abcdefgh"}


def outcome(pupils: float, parents: float = 800, *, digest: str = "d", broken: str = "") -> RunOutcome:
    """A run that served so many of 1000 pages each to pupils and to parents."""
    personas = {
        "student": Served(PLANNED, round(pupils), round(pupils / 5)),
        "parent": Served(PLANNED, round(parents), round(parents / 5)),
    }
    said = Statement("limits", {"names": [broken]}) if broken else None
    return RunOutcome(digest, personas, ("student",), said)


def trial(
    effects: Mapping[Arm, float], *, blocks: int = 6, seed: int = 1, luck: float = 5, of_block: float = 40,
    shift: float = 0, costs: Mapping[Arm, float] | None = None,
) -> TrialRuns:  # fmt: skip
    """Runs of these arms and none: 500 pages of pupils and the effect; `luck` is a run's, `of_block` its block's."""
    draw, runs, costs = np.random.default_rng(seed), [], costs or {}
    singles = [arm[0] for arm in effects if len(arm) == 1]
    stage = first_stage(singles, [arm for arm in effects if len(arm) > 1])
    for block in range(1, blocks + 1):
        hour = draw.normal(0, of_block)
        for arm in order(stage, block, seed):
            pupils = 500 + shift + hour + effects.get(arm, 0) + draw.normal(0, luck)
            parents = 800 - costs.get(arm, 0) + draw.normal(0, luck)
            runs.append(TrialRun("alone", block, arm, f"runs/{len(runs)}", outcome(pupils, parents)))
    return TrialRuns(runs)
