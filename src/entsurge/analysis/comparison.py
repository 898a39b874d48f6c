"""Is a candidate worse than its baseline? The run is the unit: requests of one run are not independent.

Pages are matched by persona, service and page; each run gives one quantile a page. The figure is the Hodges-Lehmann
ratio with its exact interval; over all pages, Westfall-Young max-T (step-down) over relabellings of whole runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.analysis.hdr import quantile_seconds
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.analysis.run import Run

CONFIDENCE, ALPHA, LEAST_EFFECT = 0.95, 0.05, 0.10
FEWEST_RUNS, MOST_RUNS = 2, 30
FEWEST_PAGES = 20
MOST_RELABELLINGS = 5000
PAGE = ("persona", "service", "page")


@dataclass(frozen=True)
class Shift:
    """A difference of location with its interval; the interval is None where so few values have none."""

    estimate: float
    low: float | None
    high: float | None


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
class Comparison:
    """What two groups of runs say of each other."""

    quantile: float
    baselines: int
    candidates: int
    pages: list[PageFinding]
    errors: Shift
    errors_worse: bool
    notes: list[str]

    @property
    def regressions(self) -> list[PageFinding]:
        """The pages that have become slower by more than the least effect, beyond chance."""
        return [page for page in self.pages if page.state == "regression"]

    @property
    def worse(self) -> bool:
        """Whether the candidate must not pass: more errors first, slower pages second."""
        return self.errors_worse or bool(self.regressions)


@lru_cache(maxsize=256)
def _rank_sum_counts(first: int, second: int) -> tuple[int, ...]:
    """How many of the comb(first + second, first) arrangements have each Mann-Whitney U (Mann and Whitney, 1947)."""
    if first == 0 or second == 0:
        return (1,)
    with_last, without = _rank_sum_counts(first - 1, second), _rank_sum_counts(first, second - 1)
    counts = [0] * (first * second + 1)
    for u, count in enumerate(with_last):
        counts[u + second] += count
    for u, count in enumerate(without):
        counts[u] += count
    return tuple(counts)


def hodges_lehmann(candidate: Sequence[float], baseline: Sequence[float], confidence: float = CONFIDENCE) -> Shift:
    """The median of all differences candidate - baseline, with the exact interval of Mann and Whitney.

    `low` and `high` are None when so few values cannot exclude anything at this confidence.
    """
    differences = np.sort(np.subtract.outer(np.asarray(candidate, float), np.asarray(baseline, float)).ravel())
    counts, whole = _rank_sum_counts(len(candidate), len(baseline)), comb(len(candidate) + len(baseline), len(baseline))
    below, left_out = 0, 0
    for count in counts:
        below += count
        if below / whole > (1 - confidence) / 2:
            break
        left_out += 1
    estimate = float(np.median(differences))
    if left_out == 0:
        return Shift(estimate, None, None)
    return Shift(estimate, float(differences[left_out - 1]), float(differences[-left_out]))


def max_t(values: NDArray[np.float64], candidates: NDArray[np.bool_], seed: int = 0) -> NDArray[np.float64]:
    """Adjusted two-sided p values of each column's difference between candidate rows and the others.

    `values` has a row a run and a column a page (logarithms). Step-down max-T of Westfall and Young (1993): the null
    is that whole runs could bear either label; all relabellings when there are at most 5000, else so many drawn ones.
    """
    runs, chosen = len(candidates), int(candidates.sum())
    observed = _t(values, candidates[None, :])[0]
    order = np.argsort(-observed)
    relabelled = _relabellings(runs, chosen, seed)
    nulls = _t(values, relabelled)[:, order]
    largest = np.maximum.accumulate(nulls[:, ::-1], axis=1)[:, ::-1]
    reached = (largest >= observed[order] * (1 - 1e-9)).mean(axis=0)
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate(reached)
    return adjusted


def _relabellings(runs: int, chosen: int, seed: int) -> NDArray[np.bool_]:
    if comb(runs, chosen) <= MOST_RELABELLINGS:
        places = np.array(list(combinations(range(runs), chosen)))
    else:
        random = np.random.default_rng(seed)
        drawn = [random.permutation(runs)[:chosen] for _ in range(MOST_RELABELLINGS - 1)]
        places = np.array([np.arange(chosen), *drawn])
    labels = np.zeros((len(places), runs), dtype=bool)
    np.put_along_axis(labels, places, values=True, axis=1)
    return labels


def _t(values: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """|difference of means| over its pooled standard error, for every labelling (rows) and page (columns)."""
    of = labels.astype(float)
    first, second = of.sum(axis=1)[:, None], (1 - of).sum(axis=1)[:, None]
    mean_first, mean_second = of @ values / first, (1 - of) @ values / second
    squares = (values**2).sum(axis=0)[None, :] - first * mean_first**2 - second * mean_second**2
    freedom = max(1, len(values) - 2)
    error = np.sqrt(np.maximum(squares, 1e-18) / freedom * (1 / first + 1 / second))
    result: NDArray[np.float64] = np.abs(mean_first - mean_second) / error
    return result


def compare(baselines: Sequence[Run], candidates: Sequence[Run], *, quantile: float = 95.0) -> Comparison:
    """Compare two groups of runs of one plan. Raises UsageError for too few, too many, or other plans."""
    runs = [*baselines, *candidates]
    if not baselines or not candidates or not FEWEST_RUNS <= len(runs) <= MOST_RUNS:
        raise UsageError(f"{FEWEST_RUNS} to {MOST_RUNS} runs are compared, at least one on each side")
    _same_plan(runs)
    tables = [_quantiles(run, quantile) for run in runs]
    matched = sorted(set.intersection(*(set(table) for table in tables)))
    notes = []
    left_out = len(set.union(*(set(table) for table in tables))) - len(matched)
    if left_out:
        notes.append(f"{left_out} page(s) left out: fewer than {FEWEST_PAGES} views in one of the runs")
    labels = np.array([False] * len(baselines) + [True] * len(candidates))
    pages = []
    if matched:
        values = np.log(np.array([[table[page] for page in matched] for table in tables]))
        adjusted = max_t(values, labels)
        pages = [_finding(page, values[:, at], labels, adjusted[at]) for at, page in enumerate(matched)]
    smallest = 1 / comb(len(runs), len(candidates))
    if smallest > ALPHA:
        notes.append(
            f"{len(baselines)} and {len(candidates)} runs cannot show a difference beyond chance (smallest p "
            f"{smallest:.2f}): ratios are shown, the verdict rests on each run's own objectives"
        )
    errors, worse = _errors(baselines, candidates)
    return Comparison(quantile, len(baselines), len(candidates), pages, errors, worse, notes)


def _same_plan(runs: Sequence[Run]) -> None:
    for name in ("profile", "scale", "compression", "window"):
        given = {str(run.manifest.get(name)) for run in runs}
        if len(given) > 1:
            raise UsageError(
                f"runs of different {name} are not compared: {', '.join(sorted(given))}",
                hint="compare runs of one profile, scale and compression",
            )


def _quantiles(run: Run, quantile: float) -> dict[tuple[str, ...], float]:
    pages = run.pages[(run.pages["timing"] == "corrected") & (run.pages["outcome"] == "ok")]
    pages = pages[pages["phase"] == run.window["name"]]
    found = {}
    for key, rows in pages.groupby(list(PAGE)):
        seconds = quantile_seconds(rows, quantile)
        if seconds is not None and int(rows["count"].sum()) >= FEWEST_PAGES:
            found[tuple(str(part) for part in key)] = seconds
    return found


def _finding(page: tuple[str, ...], logs: NDArray[np.float64], labels: NDArray[np.bool_], p: float) -> PageFinding:
    persona, service, name = page
    shift = hodges_lehmann(logs[labels].tolist(), logs[~labels].tolist())
    ratio = float(np.exp(shift.estimate))
    beyond = p <= ALPHA and shift.low is not None and shift.high is not None
    state = "same"
    if beyond and ratio >= 1 + LEAST_EFFECT and (shift.low or 0) > 0:
        state = "regression"
    elif beyond and ratio <= 1 / (1 + LEAST_EFFECT) and (shift.high or 0) < 0:
        state = "improvement"
    return PageFinding(
        persona, service, name, float(np.exp(np.median(logs[~labels]))), float(np.exp(np.median(logs[labels]))), ratio,
        None if shift.low is None else float(np.exp(shift.low)),
        None if shift.high is None else float(np.exp(shift.high)), p, state,
    )  # fmt: skip


def _errors(baselines: Sequence[Run], candidates: Sequence[Run]) -> tuple[Shift, bool]:
    """The share of failed pages: worse when a point more, beyond what the runs differ among themselves."""
    shift = hodges_lehmann([_error_share(run) for run in candidates], [_error_share(run) for run in baselines])
    return shift, shift.estimate >= 0.01 and shift.low is not None and shift.low > 0


def _error_share(run: Run) -> float:
    visits: Any = run.window_visits
    ok, shed, failed = (int(visits[name].sum()) for name in ("ok", "shed", "failed"))
    return failed / max(1, ok + shed + failed)
