"""Pages and scopes that a comparison leaves out, and why: a quantile needs twenty pages served in every run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from entsurge.analysis.measured import FEWEST_PAGES, by_scope
from entsurge.findings.comparison import LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.analysis.measured import Measured, Page
    from entsurge.findings.verdict import Said

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


def said(found: Sequence[LeftOut], whole: int, what: Said) -> list[Said]:
    """Why they are left out, in one sentence a language; nothing of none. `what` names them: pages, scopes."""
    if not found:
        return []
    count = Counter(each.reason for each in found)
    rare = sorted(each.asked for each in found if each.reason == RARE)
    french, english = [], []
    if rare:
        middle = rare[len(rare) // 2]
        french.append(
            f"{len(rare)} demandé(e)s moins de {FEWEST_PAGES} fois dans un des tirs (médiane : {middle}), ce que "
            "changerait un tir plus long ou plus grand"
        )
        english.append(
            f"{len(rare)} asked for fewer than {FEWEST_PAGES} times in one of the runs (median {middle}), which a "
            "longer run or a larger scale would change"
        )
    if count[NOT_SERVED]:
        french.append(
            f"{count[NOT_SERVED]} demandé(e)s assez souvent, mais servi(e)s moins de {FEWEST_PAGES} fois dans un tir"
        )
        english.append(
            f"{count[NOT_SERVED]} asked for often enough, but served fewer than {FEWEST_PAGES} times in one of the runs"
        )
    return [{
        "fr": f"{len(found)} {what['fr']} sur {whole} laissé(e)s de côté : {' ; '.join(french)}",
        "en": f"{len(found)} of {whole} {what['en']} left out: {'; '.join(english)}",
    }]  # fmt: skip
