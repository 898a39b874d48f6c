"""What is advised after a run: rules as data, each with its conditions and their thresholds.

The words are in reports/brief.*.po under `advice`, by the rule's id; the figures are those of `BriefFigures`. A rule
holds when all its conditions do, and when none of the perturbations under `unless` was already in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.findings.brief import Advice, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Condition:
    """A figure at least, or at most, this much."""

    figure: str
    sign: str  # >= or <=
    threshold: float

    def holds(self, figures: Mapping[str, float | None]) -> bool:
        """Whether it does; never for a figure that is not known."""
        value = figures.get(self.figure)
        if value is None:
            return False
        return value >= self.threshold if self.sign == ">=" else value <= self.threshold


@dataclass(frozen=True)
class Rule:
    """One piece of advice. With `alone`, nothing else is advised."""

    id: str
    conditions: tuple[Condition, ...]
    unless: tuple[str, ...] = ()
    alone: bool = False


def at_least(figure: str, threshold: float) -> Condition:
    """The figure is this much or more."""
    return Condition(figure, ">=", threshold)


def at_most(figure: str, threshold: float) -> Condition:
    """The figure is this much or less."""
    return Condition(figure, "<=", threshold)


# Percentages are of 100; slowness is the worst p95 ÷ what is owed; parts are shares of the planned pages.
RULES = (
    Rule("measure-again", (at_least("invalid", 1),), alone=True),
    Rule("measure-longer", (at_least("inconclusive", 1),)),
    Rule("call-schools", (at_least("schools_cut_off", 1),)),
    Rule("check-priority", (at_least("inversions", 1),)),
    Rule("pupils-and-teachers-first", (at_least("missed", 1), at_least("parents_and_staff_percent", 10)),
         unless=("pupils-and-teachers-first", "parents-time-slots")),
    Rule("static-home", (at_least("missed", 1), at_least("home_percent", 10)), unless=("static-home",)),
    Rule("news-closed", (at_least("missed", 1), at_least("news_percent", 5)), unless=("news-closed",)),
    Rule("messaging-off", (at_least("missed", 1), at_least("unserved_percent", 20), at_least("messages_percent", 10)),
         unless=("messaging-off",)),
    Rule("spread-arrivals", (at_least("sign_on_lost_percent", 5),)),
    Rule("refuse-early", (at_least("failed_percent", 5), at_most("refused_of_unserved_percent", 50))),
    Rule("more-capacity", (at_least("missed", 1), at_least("unserved_kept_percent", 5), at_least("measures", 1))),
    Rule("too-slow", (at_least("slowness", 1), at_most("unserved_kept_percent", 5))),
    Rule("keep-measures", (at_least("passed", 1), at_least("deferred_visits", 1), at_least("slowness", 0.8))),
    Rule("reopen-by-slots", (at_least("passed", 1), at_least("deferred_visits", 1), at_most("slowness", 0.8))),
    Rule("watch", (at_least("passed", 1), at_most("deferred_visits", 0), at_least("slowness", 0.8))),
    Rule("nothing-to-do", (at_least("passed", 1), at_most("deferred_visits", 0), at_most("slowness", 0.8))),
)  # fmt: skip


def advise(figures: Mapping[str, float | None], in_force: Sequence[str]) -> list[Advice]:
    """The rules that hold, in their order, each with the figures that set it off."""
    found = []
    for rule in RULES:
        if set(rule.unless) & set(in_force) or not all(each.holds(figures) for each in rule.conditions):
            continue
        because = [
            Reason(each.figure, each.sign, each.threshold, value)
            for each in rule.conditions
            if (value := figures[each.figure]) is not None
        ]
        found.append(Advice(rule.id, because))
        if rule.alone:
            break
    return found
