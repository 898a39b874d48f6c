"""Is a candidate worse than its baseline? The run is the unit: requests of one run are not independent.

Pages are matched by persona, service and page; each run gives one quantile and one share of failures a page. Errors are
judged first. The figure is the Hodges-Lehmann ratio with its exact interval; over all pages, Westfall-Young max-T
(step-down) over relabellings of whole runs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.analysis.measured import FEWEST_PAGES, Measured, Page, Said, differences
from entsurge.analysis.ranks import ALPHA, Shift, hodges_lehmann, max_t, smallest_p
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

LEAST_EFFECT, LEAST_POINTS = 0.10, 0.01
FEWEST_RUNS, MOST_RUNS = 2, 30


@dataclass(frozen=True)
class PageFinding:
    """One page: candidate ÷ baseline of the quantile, its interval, and the p value adjusted for all pages."""

    persona: str
    service: str
    page: str
    baseline_seconds: float
    candidate_seconds: float
    ratio: float
    low: float | None
    high: float | None
    p_adjusted: float
    state: str  # regression, improvement, same


@dataclass(frozen=True)
class PageErrors:
    """A page that fails more often, beyond chance: shares of the pages asked, and the difference."""

    persona: str
    service: str
    page: str
    baseline_share: float
    candidate_share: float
    shift: Shift


@dataclass(frozen=True)
class Comparison:
    """What two groups of runs say of each other. `can_show`: whether so many runs can show anything beyond chance."""

    quantile: float
    least_effect: float
    baselines: list[str]
    candidates: list[str]
    can_show: bool
    errors: Shift
    refused: Shift
    failing: list[PageErrors]
    pages: list[PageFinding]
    differences: list[Said]
    notes: list[Said]

    @property
    def errors_worse(self) -> bool:
        """Whether more pages fail or are refused, as a whole or one page by itself, beyond chance."""
        return bool(self.failing) or _more(self.errors) or _more(self.refused)

    @property
    def regressions(self) -> list[PageFinding]:
        """The pages that have become slower by more than the least effect, beyond chance."""
        return [page for page in self.pages if page.state == "regression"]

    @property
    def improvements(self) -> list[PageFinding]:
        """The pages that have become faster by as much."""
        return [page for page in self.pages if page.state == "improvement"]

    @property
    def worse(self) -> bool:
        """Whether the candidate must not pass: more errors first, slower pages second."""
        return self.errors_worse or bool(self.regressions)

    def as_json(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return asdict(self) | {"worse": self.worse, "errors_worse": self.errors_worse}


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
    can_show = smallest_p(len(baselines), len(candidates)) <= ALPHA
    matched = matched_pages(runs)
    return Comparison(
        quantile, least_effect, [run.name for run in baselines], [run.name for run in candidates], can_show,
        _shares(candidates, baselines, lambda run: run.failed_share),
        _shares(candidates, baselines, lambda run: run.shed_share),
        _failing(runs, labels),
        _pages(runs, labels, matched, least_effect) if matched else [],
        differences(runs, enforce=enforce),
        _notes(runs, matched, labels, can_show=can_show),
    )  # fmt: skip


def matched_pages(runs: Sequence[Measured]) -> list[Page]:
    """The pages that every run served often enough, in order."""
    return sorted(set.intersection(*(set(run.seconds) for run in runs)))


def _shares(candidates: Sequence[Measured], baselines: Sequence[Measured], share: Callable[[Measured], float]) -> Shift:
    return hodges_lehmann([share(run) for run in candidates], [share(run) for run in baselines])


def _more(shift: Shift) -> bool:
    """A point more, beyond what the runs differ among themselves."""
    return shift.estimate >= LEAST_POINTS and shift.above_zero


def _failing(runs: Sequence[Measured], labels: NDArray[np.bool_]) -> list[PageErrors]:
    """Pages, each by itself, that fail a point more often; a page that fails whole has no latency to be seen in."""
    asked = sorted(set.intersection(*({page for page, n in run.asked.items() if n >= FEWEST_PAGES} for run in runs)))
    if not asked:
        return []
    shares = np.array([[run.failed.get(page, 0) / run.asked[page] for page in asked] for run in runs])
    adjusted = max_t(shares, labels)
    found = []
    for at, (persona, service, page) in enumerate(asked):
        shift = hodges_lehmann(shares[labels, at].tolist(), shares[~labels, at].tolist())
        if adjusted[at] <= ALPHA and _more(shift):
            base, new = (float(np.median(shares[side, at])) for side in (~labels, labels))
            found.append(PageErrors(persona, service, page, base, new, shift))
    return found


def _pages(
    runs: Sequence[Measured], labels: NDArray[np.bool_], matched: list[Page], least_effect: float
) -> list[PageFinding]:
    values = np.log(np.array([[run.seconds[page] for page in matched] for run in runs]))
    adjusted = max_t(values, labels)
    return [_finding(page, values[:, at], labels, adjusted[at], least_effect) for at, page in enumerate(matched)]


def _finding(
    page: Page, logs: NDArray[np.float64], labels: NDArray[np.bool_], p: float, least_effect: float
) -> PageFinding:
    shift = hodges_lehmann(logs[labels].tolist(), logs[~labels].tolist())
    ratio = float(np.exp(shift.estimate))
    low, high = (None if edge is None else float(np.exp(edge)) for edge in (shift.low, shift.high))
    state = "same"
    if p <= ALPHA and ratio >= 1 + least_effect and low is not None and low > 1:
        state = "regression"
    elif p <= ALPHA and ratio <= 1 / (1 + least_effect) and high is not None and high < 1:
        state = "improvement"
    base, new = (float(np.exp(np.median(logs[side]))) for side in (~labels, labels))
    return PageFinding(*page, base, new, ratio, low, high, float(p), state)


def _notes(runs: Sequence[Measured], matched: list[Page], labels: NDArray[np.bool_], *, can_show: bool) -> list[Said]:
    notes = []
    seen = {page for run in runs for page in run.asked}
    left_out = len(seen - set(matched))
    if left_out:
        notes.append({
            "fr": f"{left_out} page(s) laissée(s) de côté : moins de {FEWEST_PAGES} vues servies dans un des tirs",
            "en": f"{left_out} page(s) left out: fewer than {FEWEST_PAGES} views served in one of the runs",
        })  # fmt: skip
    if not can_show:
        candidates, baselines = int(labels.sum()), int((~labels).sum())
        p = f"{smallest_p(baselines, candidates):.2f}"
        notes.append({
            "fr": f"{baselines} et {candidates} tir(s) ne peuvent rien montrer au-delà du hasard (plus petit p : "
            f"{p.replace('.', ',')}) : les rapports sont donnés, le verdict repose sur les objectifs de chaque tir",
            "en": f"{baselines} and {candidates} run(s) cannot show a difference beyond chance (smallest p {p}): "
            "ratios are shown, the verdict rests on each run's own objectives",
        })  # fmt: skip
    return notes + [
        {
            "fr": f"{run.name} : la mesure elle-même est douteuse ({reason['fr']})",
            "en": f"{run.name}: the measurement itself is in doubt ({reason['en']})",
        }
        for run in runs
        for reason in run.unbelievable
    ]
