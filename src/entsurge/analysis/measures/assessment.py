"""What all runs of a trial say together: each arm against none, arms against each other, pairs against their sum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.measures.design import NONE, Arm, arm_id
from entsurge.analysis.paired import FEWEST_BLOCKS, paired_shift, sign_flip_p
from entsurge.analysis.ranks import ALPHA, settled_ranks
from entsurge.findings.measures import ArmEffect, Change, Percent, PersonaChange, Together

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from entsurge.analysis.measures.trial_runs import Quantity, TrialRuns
    from entsurge.findings.comparison import Shift
    from entsurge.findings.measures import Adding, Conclusion
    from entsurge.findings.statement import Title

NEARLY = 0.2
"""A pair adds up when the whole interval of its difference from the sum is within this share of the sum."""


@dataclass(frozen=True)
class Assessed:
    """What the runs say: arms, pairs beside their sums, the best within the limit, the conclusion."""

    arms: list[ArmEffect]
    together: list[Together]
    best: list[str]
    conclusion: Conclusion


def assess(runs: TrialRuns, titles: Mapping[str, Title], *, factor: float, limit_percent: float) -> Assessed:
    """What the runs of a trial say. `titles` are the measures'; `factor`: how many people one of the sample stands for.

    An arm is told apart from none, and one arm from another, when the interval of their paired difference excludes 0
    and its p value, adjusted for all such differences, is at most 5 %.
    """
    each = _Reading(runs, titles, factor, limit_percent)
    arms = each.arms()
    apart = [arm for arm, found in zip(runs.arms, arms, strict=True) if found.told_apart]
    above = each.above(apart)
    arms = _ranked(arms, apart, above)
    return Assessed(arms, each.together(), _best(arms, apart, above), _conclusion(arms))


def bought(runs: TrialRuns) -> dict[str, float]:
    """By each single measure, the estimate of the pages that it buys for protected personas; none without a block."""
    none = runs.column(NONE, "pages", runs.protected)
    found = {}
    for arm in runs.arms:
        known = _known(runs.column(arm, "pages", runs.protected) - none)
        if len(arm) == 1 and len(known):
            found[arm[0]] = paired_shift(known).estimate
    return found


def _known(differences: NDArray[np.float64]) -> list[float]:
    return [float(each) for each in differences if not np.isnan(each)]


def _shift(differences: NDArray[np.float64]) -> Shift | None:
    known = _known(differences)
    return paired_shift(known) if known else None


def _excludes_nothing(shift: Shift | None) -> bool:
    return shift is None or shift.low is None or shift.high is None or shift.low <= 0 <= shift.high


@dataclass(frozen=True)
class _Reading:
    runs: TrialRuns
    titles: Mapping[str, Title]
    factor: float
    limit_percent: float

    def arms(self) -> list[ArmEffect]:
        """Every arm against none."""
        gains = [self._gain(arm) for arm in self.runs.arms]
        if not gains:
            return []
        p = sign_flip_p(np.stack(gains, axis=1))
        return [
            self._arm(arm, gain, float(p[at])) for at, (arm, gain) in enumerate(zip(self.runs.arms, gains, strict=True))
        ]

    def above(self, arms: Sequence[Arm]) -> NDArray[np.bool_]:
        """Which of these arms was shown to buy more than which other."""
        found = np.zeros((len(arms), len(arms)), bool)
        places = [(one, other) for one in range(len(arms)) for other in range(one)]
        if not places:
            return found
        gains = [self._column(arms[one]) - self._column(arms[other]) for one, other in places]
        p = sign_flip_p(np.stack(gains, axis=1))
        for at, (one, other) in enumerate(places):
            shift = _shift(gains[at])
            if shift is not None and p[at] <= ALPHA and not _excludes_nothing(shift):
                found[(one, other) if shift.estimate > 0 else (other, one)] = True
        return found

    def together(self) -> list[Together]:
        """Every pair beside the sum of its two measures, in the blocks that hold none, both and the pair."""
        pairs = [arm for arm in self.runs.arms if len(arm) == 2]
        if not pairs:
            return []
        wholes = [self._gain(pair) for pair in pairs]
        sums = [self._gain(pair[:1]) + self._gain(pair[1:]) for pair in pairs]
        p = sign_flip_p(np.stack([whole - both for whole, both in zip(wholes, sums, strict=True)], axis=1))
        return [self._together(pair, wholes[at], sums[at], float(p[at])) for at, pair in enumerate(pairs)]

    def _together(self, pair: Arm, whole: NDArray[np.float64], both: NDArray[np.float64], p: float) -> Together:
        complete = np.where(np.isnan(whole - both), np.nan, 0.0)
        difference, total = _shift(whole - both), _shift(both + complete)
        return Together(
            id=arm_id(pair), title=self._title(pair), blocks=len(_known(complete)),
            whole=self._change(whole + complete), sum=self._change(both + complete),
            difference=self._change(whole - both), p_adjusted=p, adding=_adding(difference, total, p),
        )  # fmt: skip

    def _arm(self, arm: Arm, gain: NDArray[np.float64], p: float) -> ArmEffect:
        others = [each for each in self.runs.personas if each not in self.runs.protected]
        personas = [self._persona(arm, each) for each in self.runs.personas]
        return ArmEffect(
            id=arm_id(arm),
            measures=list(arm),
            title=self._title(arm),
            blocks=len(_known(gain)),
            bought=self._change(gain),
            bought_people=self._change(self._gain(arm, "people")),
            cost=self._change(-self._gain(arm, "pages", others)),
            cost_people=self._change(-self._gain(arm, "people", others)),
            personas=personas,
            p_adjusted=p,
            told_apart=p <= ALPHA and not _excludes_nothing(_shift(gain)),
            within=all(each.lost.high is not None and each.lost.high <= self.limit_percent for each in personas),
        )

    def _persona(self, arm: Arm, persona: str) -> PersonaChange:
        pages, planned = self._gain(arm, "pages", [persona]), self.runs.planned([persona])
        lost = _shift(-100 * pages / planned) if planned else None
        percent = Percent(lost.estimate, lost.low, lost.high) if lost else Percent(None, None, None)
        if not planned:
            percent = Percent(0.0, 0.0, 0.0)
        return PersonaChange(
            persona, persona in self.runs.protected, planned, self._change(pages),
            self._change(self._gain(arm, "people", [persona])), percent,
        )  # fmt: skip

    def _column(self, arm: Arm) -> NDArray[np.float64]:
        return self.runs.column(arm, "pages", self.runs.protected)

    def _gain(
        self, arm: Arm, quantity: Quantity = "pages", personas: Collection[str] | None = None
    ) -> NDArray[np.float64]:
        """By block, what these personas (the protected ones unless named) are served more than with none."""
        who = self.runs.protected if personas is None else personas
        return self.runs.column(arm, quantity, who) - self.runs.column(NONE, quantity, who)

    def _change(self, differences: NDArray[np.float64]) -> Change:
        shift = _shift(differences)
        if shift is None:
            return Change(None, None, None, None)
        low, high = (None if edge is None else edge * self.factor for edge in (shift.low, shift.high))
        return Change(shift.estimate * self.factor, low, high, shift.estimate)

    def _title(self, arm: Arm) -> Title:
        return {lang: " + ".join(self.titles[each][lang] for each in arm) for lang in ("fr", "en")}


def _adding(difference: Shift | None, total: Shift | None, p: float) -> Adding:
    if difference is None or total is None or difference.low is None or difference.high is None:
        return "unknown"
    near = NEARLY * abs(total.estimate)
    if -near <= difference.low and difference.high <= near:
        return "adds"
    if p > ALPHA or _excludes_nothing(difference):
        return "unknown"
    return "less" if difference.estimate < 0 else "more"


def _ranked(arms: Sequence[ArmEffect], apart: Sequence[Arm], above: NDArray[np.bool_]) -> list[ArmEffect]:
    """With the ranks of measures that were told apart from none, where they are settled; pairs have none."""
    singles = [at for at, arm in enumerate(apart) if len(arm) == 1]
    ranks = settled_ranks(above[np.ix_(singles, singles)].tolist())
    by_id = {arm_id(apart[at]): rank for at, rank in zip(singles, ranks, strict=True)}
    return [replace(each, rank=by_id.get(each.id)) for each in arms]


def _best(arms: Sequence[ArmEffect], apart: Sequence[Arm], above: NDArray[np.bool_]) -> list[str]:
    """Of what bought something within the limit: the greatest, and whatever was not told from it."""
    by_id = {each.id: each for each in arms}
    places = {arm_id(arm): at for at, arm in enumerate(apart)}
    worth = {name: by_id[name].bought.value or 0.0 for name in places if by_id[name].within}
    order = sorted((name for name in worth if worth[name] > 0), key=lambda name: -worth[name])
    return [name for name in order if not above[places[order[0]], places[name]]]


def _conclusion(arms: Sequence[ArmEffect]) -> Conclusion:
    if max((each.blocks for each in arms), default=0) < FEWEST_BLOCKS:
        return "too-few-blocks"
    return "told-apart" if any(each.told_apart for each in arms) else "nothing-told-apart"
