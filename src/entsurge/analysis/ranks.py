"""Statistics of few whole runs: exact Hodges-Lehmann intervals, and max-T over many pages at once."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from entsurge.findings.comparison import Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFIDENCE, ALPHA = 0.95, 0.05
MOST_RELABELLINGS = 5000


def smallest_p(baselines: int, candidates: int) -> float:
    """The smallest two-sided p value of the exact rank test on so many runs; over 5 % no interval can exclude 0."""
    return min(1.0, 2 / comb(baselines + candidates, candidates))


@lru_cache(maxsize=256)
def rank_sum_counts(first: int, second: int) -> tuple[int, ...]:
    """How many of the comb(first + second, first) arrangements have each Mann-Whitney U (Mann and Whitney, 1947)."""
    if first == 0 or second == 0:
        return (1,)
    with_last, without = rank_sum_counts(first - 1, second), rank_sum_counts(first, second - 1)
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
    left_out = cut_off(len(candidate), len(baseline), confidence)
    estimate = float(np.median(differences))
    if left_out == 0:
        return Shift(estimate, None, None)
    return Shift(estimate, float(differences[left_out - 1]), float(differences[-left_out]))


def cut_off(first: int, second: int, confidence: float = CONFIDENCE) -> int:
    """Which of the differences in order, from either end, is the edge of the interval; 0 where there is none."""
    counts, whole = rank_sum_counts(first, second), comb(first + second, second)
    below, left_out = 0, 0
    for count in counts:
        below += count
        if below / whole > (1 - confidence) / 2:
            break
        left_out += 1
    return left_out


def max_t(values: NDArray[np.float64], candidates: NDArray[np.bool_], seed: int = 0) -> NDArray[np.float64]:
    """Adjusted two-sided p values of each column's difference between candidate rows and the others.

    `values` has a row a run and a column a page (logarithms). Step-down max-T of Westfall and Young (1993): the null
    is that whole runs could bear either label; all relabellings when there are at most 5000, else so many drawn ones.
    """
    values = values - values.mean(axis=0)
    observed = _t(values, candidates[None, :])[0]
    order = np.argsort(-observed)
    relabelled = relabellings(candidates, seed)
    nulls = _t(values, relabelled)[:, order]
    largest = np.maximum.accumulate(nulls[:, ::-1], axis=1)[:, ::-1]
    reached = (largest >= observed[order] * (1 - 1e-9)).mean(axis=0)
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate(reached)
    return adjusted


def relabellings(candidates: NDArray[np.bool_], seed: int = 0) -> NDArray[np.bool_]:
    """All labellings of so many runs, or enough drawn ones, the true one among them."""
    runs, chosen = len(candidates), int(candidates.sum())
    if comb(runs, chosen) <= MOST_RELABELLINGS:
        places = np.array(list(combinations(range(runs), chosen)))
    else:
        random = np.random.default_rng(seed)
        drawn = [random.permutation(runs)[:chosen] for _ in range(MOST_RELABELLINGS - 1)]
        places = np.array([np.flatnonzero(candidates), *drawn])
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


def settled_ranks(above: Sequence[Sequence[bool]]) -> list[int | None]:
    """The rank of each, 1 the best, where it is settled against every other; else None, as for one alone.

    `above[i][j]`: i was shown to be better than j.
    """
    ranks: list[int | None] = []
    for one, better in enumerate(above):
        worse = [of[one] for of in above]
        others = [at for at in range(len(above)) if at != one]
        ranks.append(1 + sum(worse) if others and all(better[at] or worse[at] for at in others) else None)
    return ranks
