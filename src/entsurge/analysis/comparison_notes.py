"""What stands beside a comparison's figures: what it could not have seen, and what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis.family import adjusted, can_show
from entsurge.analysis.left_out import said
from entsurge.analysis.ranks import smallest_p
from entsurge.findings.statement import Statement, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.measured import Measured
    from entsurge.findings.comparison import Compared, LeftOut

    Sides = tuple[int, int]
    Kept = tuple[Sequence[Compared], Sequence[LeftOut]]


def unseen(
    scopes: Sequence[Compared], left_out: Sequence[LeftOut], sides: Sides, least_effect: float
) -> Statement | None:
    """What this comparison could have missed, and how many runs would do; None where it would have shown it all."""
    blind, whole = [each for each in scopes if each.blind], len(scopes) + len(left_out)
    if whole and not blind and not left_out:
        return None
    if not whole:
        return Statement("nothing-compared")
    scopes_missed = {"least_percent": 100 * least_effect, "n": len(blind) + len(left_out), "whole": whole}
    found = Statement("unseen", scopes_missed)
    if left_out:
        found = Statement("unseen-few", {"unseen": found, "n": len(left_out)})
    return together([found, *(_smallest(blind, sides) if blind else [])])


def _smallest(blind: Sequence[Compared], sides: Sides) -> list[Statement]:
    """The smallest changes that are shown at 80 % power, and how many runs would show enough."""
    known = [100 * (each.smallest - 1) for each in blind if each.smallest is not None]
    if not can_show(*sides):
        found = Statement("shows.nothing")
    elif known and round(min(known)) == round(max(known)):
        found = Statement("shows.from", {"low_percent": round(min(known))})
    elif known:
        found = Statement("shows.between", {"low_percent": round(min(known)), "high_percent": round(max(known))})
    else:
        found = Statement("shows.too-different")
    return [found, *_enough(blind, sides)]


def _enough(blind: Sequence[Compared], sides: Sides) -> list[Statement]:
    """How many runs would show the least effect, as far as more runs would."""
    if sum(sides) == 2:
        return [Statement("would-do.four")]
    found = [each.would_do for each in blind if each.would_do is not None]
    never = len(blind) - len(found)
    told = []
    if found:
        baselines, candidates = max(found, key=lambda each: (each[1], each[0]))
        of = {"baselines": baselines, "candidates": candidates}
        told.append(Statement("would-do.some", {**of, "n": len(found)}) if never else Statement("would-do.all", of))
    if never:
        told.append(Statement("would-do.never", {"n": never}))
    return told


def notes(runs: Sequence[Measured], sides: Sides, scopes: Kept, pages: Kept) -> list[Statement]:
    """What was left out and why, that too few runs show nothing, and which measurements are in doubt."""
    found = [
        each
        for (kept, left_out), what in ((scopes, "scopes"), (pages, "pages"))
        for each in said(left_out, len(kept) + len(left_out), what)
    ]
    if not can_show(*sides):
        baselines, candidates = sides
        p = round(adjusted(smallest_p(baselines, candidates)), 2)
        found.append(Statement("cannot-show", {"baselines": baselines, "candidates": candidates, "p": p}))
    return found + [
        Statement("in-doubt", {"name": run.name, "why": reason}) for run in runs for reason in run.unbelievable
    ]
