"""Pages and scopes that a comparison leaves out, and why: a quantile needs twenty pages served in every run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from entsurge.analysis.measured import FEWEST_PAGES, by_scope
from entsurge.findings.comparison import LeftOut
from entsurge.findings.statement import Statement, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.analysis.measured import Measured, Page

Why = Literal["rare", "not-served"]
RARE: Why = "rare"
NOT_SERVED: Why = "not-served"


def left_out_pages(runs: Sequence[Measured], kept: Sequence[Page]) -> list[LeftOut]:
    """The pages that any run was asked for, without those that are kept; in order."""
    return _left_out(runs, [run.asked for run in runs], [run.served for run in runs], kept)


def left_out_scopes(runs: Sequence[Measured], kept: Sequence[Page]) -> list[LeftOut]:
    """The scopes that any run has a page of, without those that are kept; in order."""
    return _left_out(runs, [by_scope(run.asked) for run in runs], [by_scope(run.served) for run in runs], kept)


def _left_out(
    runs: Sequence[Measured],
    asked: Sequence[Mapping[Page, int]],
    served: Sequence[Mapping[Page, int]],
    kept: Sequence[Page],
) -> list[LeftOut]:
    found = []
    for name in sorted({name for each in asked for name in each} - set(kept)):
        views = [each.get(name, 0) for each in served]
        fewest_asked = min(each.get(name, 0) for each in asked)
        reason = RARE if fewest_asked < FEWEST_PAGES else NOT_SERVED
        lowest = int(np.argmin(views))
        found.append(LeftOut(*name, reason, views[lowest], max(views), fewest_asked, runs[lowest].name))
    return found


def said(found: Sequence[LeftOut], whole: int, what: str) -> list[Statement]:
    """Why they are left out, in one sentence; nothing of none. `what` names them: `pages`, `scopes`."""
    if not found:
        return []
    count = Counter(each.reason for each in found)
    rare = sorted(each.asked for each in found if each.reason == RARE)
    why = []
    if rare:
        why.append(Statement("left-out.rare", {"n": len(rare), "fewest": FEWEST_PAGES, "median": rare[len(rare) // 2]}))
    if count[NOT_SERVED]:
        why.append(Statement("left-out.not-served", {"n": count[NOT_SERVED], "fewest": FEWEST_PAGES}))
    return [Statement(f"left-out.{what}", {"n": len(found), "whole": whole, "why": together(why)})]
