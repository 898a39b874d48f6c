"""Is a candidate worse than its baseline? The run is the unit: requests of one run are not independent.

Each run gives one quantile and one share of failures: of everybody and each persona, of each persona on each service,
and of each page. Errors are judged first; then these three, each a family of its own: the Hodges-Lehmann ratio with its
exact interval, and over the family Westfall-Young max-T (step-down) over relabellings of whole runs. What a comparison
finds nothing of, it says how small a change it could have shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.baseline import MOST_RUNS
from entsurge.analysis.comparison_notes import notes, unseen
from entsurge.analysis.family import can_show, findings, p_values, with_power
from entsurge.analysis.left_out import left_out_pages, left_out_scopes
from entsurge.analysis.measured import FEWEST_PAGES, Measured, Page, by_scope, differences
from entsurge.analysis.ranks import ALPHA, hodges_lehmann
from entsurge.errors import UsageError
from entsurge.findings.comparison import EVERYTHING, Compared, Comparison, PageErrors, Shift

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

LEAST_EFFECT, LEAST_POINTS = 0.10, 0.01
FEWEST_RUNS = 2


def compare(
    baselines: Sequence[Measured],
    candidates: Sequence[Measured],
    *,
    quantile: float = 95.0,
    least_effect: float = LEAST_EFFECT,
    enforce: bool = True,
) -> Comparison:
    """Compare two groups of runs of one plan. Raises UsageError for too few, too many, or other plans."""
    runs = [*baselines, *candidates]
    if not baselines or not candidates or not FEWEST_RUNS <= len(runs) <= MOST_RUNS:
        raise UsageError(f"{FEWEST_RUNS} to {MOST_RUNS} runs are compared, at least one on each side")
    labels = np.array([False] * len(baselines) + [True] * len(candidates))
    matched = matched_pages(runs)
    scopes = _scopes(runs, labels, least_effect)
    pages = findings(matched, _logs([run.seconds for run in runs], matched), labels, least_effect)
    without = left_out_scopes(runs, matched_scopes(runs))
    rare = left_out_pages(runs, matched)
    sides = len(baselines), len(candidates)
    errors = _shares(candidates, baselines, lambda run: run.failed_share)
    refused = _shares(candidates, baselines, lambda run: run.shed_share)
    failing, could_miss = _failing(runs, labels), unseen(scopes, without, sides, least_effect)
    errors_worse = bool(failing) or _more(errors) or _more(refused)
    worse = errors_worse or any(each.state == "regression" for each in (*scopes, *pages))
    return Comparison(
        quantile=quantile,
        least_effect=least_effect,
        baselines=[run.name for run in baselines],
        candidates=[run.name for run in candidates],
        can_show=can_show(*sides),
        errors=errors,
        refused=refused,
        failing=failing,
        scopes=scopes,
        pages=pages,
        left_out_scopes=without,
        left_out_pages=rare,
        unseen=could_miss,
        differences=differences(runs, enforce=enforce),
        notes=notes(runs, sides, (scopes, without), (pages, rare)),
        errors_worse=errors_worse,
        worse=worse,
        state="red" if worse else "amber" if could_miss else "green",
    )


def matched_pages(runs: Sequence[Measured]) -> list[Page]:
    """The pages that every run served often enough, in order."""
    return sorted(set.intersection(*(set(run.seconds) for run in runs)))


def matched_scopes(runs: Sequence[Measured]) -> list[Page]:
    """The scopes of which every run served pages enough, in order: everybody first, then persona by persona."""
    return sorted(set.intersection(*(set(run.scopes) for run in runs)))


def _scopes(runs: Sequence[Measured], labels: NDArray[np.bool_], least_effect: float) -> list[Compared]:
    """Everybody and the personas as one family, personas on services as another; in order."""
    found = []
    for family in _families(matched_scopes(runs)):
        logs = _logs([run.scopes for run in runs], family)
        found += with_power(findings(family, logs, labels, least_effect), logs, labels, least_effect)
    return sorted(found, key=lambda each: (each.persona, each.service))


def _families(scopes: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """Those of all services together, and those of one."""
    return ([each for each in scopes if each[1] == EVERYTHING], [each for each in scopes if each[1] != EVERYTHING])


def _logs(runs: Sequence[dict[Page, float]], names: Sequence[Page]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.array([[run[name] for name in names] for run in runs], dtype=float))
    return logs


def _shares(candidates: Sequence[Measured], baselines: Sequence[Measured], share: Callable[[Measured], float]) -> Shift:
    return hodges_lehmann([share(run) for run in candidates], [share(run) for run in baselines])


def _more(shift: Shift) -> bool:
    """A point more, beyond what the runs differ among themselves."""
    return shift.estimate >= LEAST_POINTS and shift.above_zero


def _failing(runs: Sequence[Measured], labels: NDArray[np.bool_]) -> list[PageErrors]:
    """Scopes and pages that fail a point more often; a page that fails whole has no latency to be seen in.

    Everybody is left to the share of all pages.
    """
    asked, failed = [run.asked for run in runs], [run.failed for run in runs]
    scopes_asked, scopes_failed = [by_scope(each) for each in asked], [by_scope(each) for each in failed]
    often = [
        name
        for name in sorted(set.intersection(*(set(each) for each in scopes_asked)))
        if name[0] != EVERYTHING and min(each[name] for each in scopes_asked) >= FEWEST_PAGES
    ]
    pages = [
        name
        for name in sorted(set.intersection(*(set(each) for each in asked)))
        if min(each[name] for each in asked) >= FEWEST_PAGES
    ]
    found = []
    for family in _families(often):
        found += _failing_of(family, scopes_asked, scopes_failed, labels)
    return [*sorted(found, key=lambda each: (each.persona, each.service)), *_failing_of(pages, asked, failed, labels)]


def _failing_of(
    names: Sequence[Page],
    asked: Sequence[dict[Page, int]],
    failed: Sequence[dict[Page, int]],
    labels: NDArray[np.bool_],
) -> list[PageErrors]:
    if not names:
        return []
    shares = np.array([[bad.get(name, 0) / of[name] for name in names] for of, bad in zip(asked, failed, strict=True)])
    adjusted = p_values(shares, labels)
    found = []
    for at, name in enumerate(names):
        shift = hodges_lehmann(shares[labels, at].tolist(), shares[~labels, at].tolist())
        if adjusted[at] <= ALPHA and _more(shift):
            base, new = (float(np.median(shares[side, at])) for side in (~labels, labels))
            found.append(PageErrors(*name, base, new, shift))
    return found
