"""Comparison of runs: known answers, brute force, and who must not be compared."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from entsurge.analysis.comparison import _rank_sum_counts, compare, hodges_lehmann, max_t
from entsurge.analysis.run import Run
from entsurge.errors import UsageError
from entsurge.record.histogram import bucket


def test_the_textbook_shift() -> None:
    """{10, 20, 30, 40} against {1, 2, 3, 4}: Hodges-Lehmann 22.5, interval 6 to 39."""
    shift = hodges_lehmann([10, 20, 30, 40], [1, 2, 3, 4])
    assert (shift.estimate, shift.low, shift.high) == (22.5, 6, 39)


def test_too_few_values_have_no_interval() -> None:
    """Three against three cannot exclude anything at 95 %."""
    shift = hodges_lehmann([5, 6, 7], [1, 2, 3])
    assert (shift.estimate, shift.low, shift.high) == (4, None, None)


@given(st.integers(1, 6), st.integers(1, 6))
def test_the_null_distribution_is_exact(first: int, second: int) -> None:
    """Counts of U as scipy's exact p values have them."""
    counts = np.array(_rank_sum_counts(first, second))
    for u in range(first * second + 1):
        ours = counts[: u + 1].sum() / counts.sum()
        theirs = stats.mannwhitneyu(*_with_u(first, second, u), alternative="less", method="exact").pvalue
        assert ours == pytest.approx(theirs)


def _with_u(first: int, second: int, u: int) -> tuple[list[float], list[float]]:
    """Two samples without ties whose U is this."""
    whole = range(first + second)
    for chosen in combinations(whole, first):
        others = [place for place in whole if place not in chosen]
        if sum(place > other for place in chosen for other in others) == u:
            return list(chosen), others
    raise AssertionError(u)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_max_t_is_what_brute_force_says(seed: int) -> None:
    """Three pages, four runs against three: adjusted p values by enumerating all 35 relabellings by hand."""
    values = np.random.default_rng(seed).normal(size=(7, 3))
    labels = np.array([False] * 4 + [True] * 3)

    def t(chosen: np.ndarray) -> np.ndarray:
        return np.abs([stats.ttest_ind(column[chosen], column[~chosen]).statistic for column in values.T])

    observed, order = t(labels), np.argsort(-t(labels))
    expected, last = np.empty(3), 0.0
    for rank, page in enumerate(order):
        reached = 0
        for places in combinations(range(7), 3):
            chosen = np.isin(np.arange(7), places)
            reached += t(chosen)[order[rank:]].max() >= observed[page] * (1 - 1e-9)
        last = max(last, reached / 35)
        expected[page] = last
    assert max_t(values, labels) == pytest.approx(expected)


def test_p_values_cannot_be_smaller_than_the_relabellings_allow() -> None:
    """4 + 4 runs: at the clearest difference 2 of 70; 10 + 3: 1 of 286, since the mirror is no relabelling."""
    for first, second, smallest in ((4, 4, 2 / 70), (10, 3, 1 / 286)):
        values = np.random.default_rng(1).normal(size=(first + second, 1)) * 0.01
        values[first:] += 5
        labels = np.array([False] * first + [True] * second)
        assert max_t(values, labels)[0] == pytest.approx(smallest)


def run(latencies: dict[str, float], *, failed: int = 0, **manifest: object) -> Run:
    rows = [
        {
            "timing": "corrected", "outcome": "ok", "phase": "surge", "persona": "student", "service": "home",
            "page": page, "second": 1, "bucket": bucket(int(seconds * 1e6)), "count": 100,
        }
        for page, seconds in latencies.items()
    ]  # fmt: skip
    visits = pd.DataFrame({"phase": ["surge"], "ok": [100 - failed], "shed": [0], "failed": [failed]})
    told = {"name": "r", "profile": "p", "scale": "1", "phases": [{"name": "surge", "start_s": 0, "end_s": 9}]}
    return Run(None, told | manifest, {}, pd.DataFrame(rows), visits, [], [], [])  # type: ignore[arg-type]


def noisy(seed: int, slower: float = 1.0, count: int = 8) -> Run:
    source = np.random.default_rng(seed)
    return run({
        f"page-{number}": 0.5 * float(np.exp(source.normal(0, 0.03))) * (slower if number == 3 else 1)
        for number in range(count)
    })  # fmt: skip


def test_a_slower_page_is_found_and_named() -> None:
    """A fifth slower, one page of eight, four runs a side: that page alone, with its ratio inside its interval."""
    found = compare([noisy(seed) for seed in range(5)], [noisy(100 + seed, 1.2) for seed in range(5)])
    assert [page.page for page in found.regressions] == ["page-3"]
    page = found.regressions[0]
    assert page.low <= page.ratio <= page.high
    assert page.ratio == pytest.approx(1.2, rel=0.06)
    assert found.worse


def test_a_small_change_is_no_regression_however_certain() -> None:
    """Five percent slower is below the least effect."""
    baselines = [run({"a": 1.0 + seed / 10_000}) for seed in range(5)]
    assert not compare(baselines, [run({"a": 1.05 + seed / 10_000}) for seed in range(5)]).worse


def test_one_run_a_side_shows_a_ratio_and_judges_nothing() -> None:
    """Twice as slow, but one run each: the ratio and a note, no regression."""
    found = compare([run({"a": 1.0})], [run({"a": 2.0})])
    assert found.pages[0].ratio == pytest.approx(2, rel=0.01)
    assert not found.worse
    assert any("cannot show" in note for note in found.notes)


def test_more_errors_are_worse_before_anything_else() -> None:
    """Same latencies, five points more failures in every candidate."""
    found = compare([run({"a": 1.0})] * 4, [run({"a": 1.0}, failed=5 + number) for number in range(4)])
    assert found.errors_worse
    assert found.worse
    assert not found.regressions


@pytest.mark.parametrize("name", ["profile", "scale"])
def test_other_plans_are_not_compared(name: str) -> None:
    """Another profile or scale: refused, the difference named."""
    with pytest.raises(UsageError, match=name):
        compare([run({"a": 1.0})], [run({"a": 1.0}, **{name: "other"})])


def test_a_page_that_some_run_hardly_saw_is_left_out_and_said() -> None:
    """Fewer than twenty views are no quantile."""
    rare = run({"a": 1.0, "b": 1.0})
    rare = replace(rare, pages=rare.pages.assign(count=[100, 3]))
    found = compare([rare], [run({"a": 1.0, "b": 1.0})])
    assert [page.page for page in found.pages] == ["a"]
    assert any("left out" in note for note in found.notes)
