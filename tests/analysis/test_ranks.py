"""Statistics of few runs: known answers, brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from entsurge.analysis.ranks import hodges_lehmann, max_t, rank_sum_counts, relabellings, settled_ranks, smallest_p


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
    counts = np.array(rank_sum_counts(first, second))
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


@settings(max_examples=25)
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


def test_drawn_relabellings_hold_the_true_one() -> None:
    """Beyond 5,000 they are drawn, and the labelling that was observed is one of them."""
    labels = np.array([False] * 10 + [True] * 10)
    drawn = relabellings(labels, 0)
    assert len(drawn) == 5000
    assert (drawn == labels).all(axis=1).any()
    assert (drawn.sum(axis=1) == 10).all()


def test_the_smallest_p_of_the_method() -> None:
    """5+5 .008; 4+4 .029; 10 baselines and 3 candidates .007; 1 against 10 .18."""
    found = [smallest_p(*sides) for sides in ((5, 5), (4, 4), (10, 3), (10, 1), (1, 1))]
    assert found == pytest.approx([0.008, 0.029, 0.007, 0.18, 1.0], abs=0.0019)


@given(st.integers(1, 12), st.integers(1, 12))
def test_an_interval_exists_where_something_can_be_shown(first: int, second: int) -> None:
    """`smallest_p` within 5 % is the same as an interval that can exclude 0."""
    shift = hodges_lehmann(list(range(100, 100 + first)), list(range(second)))
    assert (shift.low is not None) == (smallest_p(second, first) <= 0.05)


def test_a_rank_needs_to_be_settled_against_every_other() -> None:
    """All told apart: 1, 2, 3; two that are not have no place; one alone has none."""
    assert settled_ranks([[False, True, True], [False, False, True], [False, False, False]]) == [1, 2, 3]
    assert settled_ranks([[False, True, True], [False, False, False], [False, False, False]]) == [1, None, None]
    assert settled_ranks([[False, False], [False, False]]) == [None, None]
    assert settled_ranks([[False]]) == [None]
