"""The whole finding of a trial: what it was, and what its runs say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.analysis.measures.assessment import assess
from entsurge.analysis.measures.design import NONE, arm_id
from entsurge.analysis.paired import FEWEST_BLOCKS, paired_shift
from entsurge.findings.measures import ArmRun, MeasuresReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from entsurge.analysis.measures.trial_runs import TrialRuns
    from entsurge.audience.persona import Persona
    from entsurge.findings.measures import LeftOut
    from entsurge.findings.statement import Title


@dataclass(frozen=True)
class About:
    """What is known of a trial before its first run."""

    name: str
    title: Title
    target: str
    profile: str
    scale: Fraction
    compression: float
    window: dict[str, str]
    seed: int
    personas: list[Persona]
    blocks_asked: int
    limit_percent: float
    titles: Mapping[str, Title]
    left_out: list[LeftOut]


def measures_report(about: About, runs: TrialRuns, *, stop: str = "", unsettled: int = 0) -> MeasuresReport:
    """What the runs of a trial say, of the whole region: one person of the sample stands for 1 / scale."""
    factor = float(1 / about.scale)
    found = assess(runs, about.titles, factor=factor, limit_percent=about.limit_percent)
    none = [float(each) for each in runs.column(NONE, "pages", runs.protected) if not math.isnan(each)]
    return MeasuresReport(
        name=about.name,
        title=about.title,
        target=about.target,
        profile=about.profile,
        scale=str(about.scale),
        compression=about.compression,
        factor=factor,
        window=about.window,
        seed=about.seed,
        plan_digest=next((run.outcome.digest for run in runs.runs), ""),
        personas=about.personas,
        conclusion=found.conclusion,
        blocks_asked=about.blocks_asked,
        blocks=max((each.blocks for each in found.arms), default=0),
        fewest_blocks=FEWEST_BLOCKS,
        limit_percent=about.limit_percent,
        planned_pages=runs.planned(runs.protected),
        none_pages=paired_shift(none).estimate if none else None,
        arms=sorted(found.arms, key=lambda each: (len(each.measures), -(each.bought.value or 0.0), each.id)),
        together=found.together,
        best=found.best,
        left_out=about.left_out,
        runs=[ArmRun(run.stage, run.block, arm_id(run.arm), run.path, run.outcome.broken) for run in runs.runs],
        stop=stop,
        unsettled=unsettled,
    )
