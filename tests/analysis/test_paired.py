"""Statistics of differences within blocks: known answers, brute force, and how often nothing is taken for something."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from entsurge.analysis.paired import FEWEST_BLOCKS, flips, paired_shift, sign_flip_p, signed_rank_counts


@given(st.integers(1, 12))
def test_the_sums_of_positive_ranks_are_counted_as_by_hand(blocks: int) -> None:
    """Every sign of every rank, one by one."""
    sums = [sum(rank * sign for rank, sign in enumerate(signs, 1)) for signs in product((0, 1), repeat=blocks)]
    assert signed_rank_counts(blocks) == tuple(np.bincount(sums))


def test_six_blocks_are_the_fewest_that_have_an_interval() -> None:
    """Five differences have none at 95 %; of six the interval goes from the least to the greatest."""
    assert paired_shift([1, 2, 3, 4, 5]).low is None
    six = paired_shift([1, 2, 3, 4, 5, 6])
    assert (six.low, six.estimate, six.high) == (1, 3.5, 6)
    assert FEWEST_BLOCKS == 6


@given(st.lists(st.floats(-100, 100).map(lambda each: round(each, 3)), min_size=6, max_size=12, unique_by=abs))
def test_the_interval_excludes_nothing_that_the_exact_test_keeps(differences: list[float]) -> None:
    """0 is outside exactly when Wilcoxon's exact test rejects it."""
    if 0 in differences:
        return
    found = paired_shift(differences)
    rejected = stats.wilcoxon(differences, method="exact").pvalue <= 0.05
    assert (found.low > 0 or found.high < 0) == rejected


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9), st.floats(-50, 50))
def test_what_is_added_to_every_difference_moves_the_interval(differences: list[float], more: float) -> None:
    """By as much, estimate and both ends."""
    one, other = paired_shift(differences), paired_shift([each + more for each in differences])
    for name in ("estimate", "low", "high"):
        if getattr(one, name) is not None:
            assert getattr(other, name) == pytest.approx(getattr(one, name) + more, abs=1e-9)


def test_flips_are_all_there_are_and_begin_with_what_was_observed() -> None:
    """Of four blocks eight, none the mirror of another; of many, drawn ones."""
    signs = flips(4)
    assert len({tuple(row) for row in signs} | {tuple(-row) for row in signs}) == 16
    assert (signs[0] == 1).all()
    assert flips(20).shape == (4096, 20)
    assert (flips(20)[0] == 1).all()


def test_p_values_cannot_be_smaller_than_the_flips_allow() -> None:
    """Six blocks: 1 of 32 at the clearest difference; with a second column that is nothing, not less than that."""
    clear = np.array([9.0, 10, 11, 10, 9, 11])
    assert sign_flip_p(clear[:, None]) == pytest.approx([1 / 32])
    nothing = np.array([1.0, -2, 3, -1, 2, -3])
    assert sign_flip_p(np.stack([clear, nothing], axis=1))[0] == pytest.approx(1 / 32)


def test_a_block_that_lacks_a_run_is_left_out_of_that_column_alone() -> None:
    """The other column keeps its blocks; a column without two blocks shows nothing."""
    clear = np.array([9.0, 10, 11, 10, 9, 11, 10])
    lacking, empty = clear.copy(), np.full(7, np.nan)
    lacking[0] = np.nan
    found = sign_flip_p(np.stack([clear, lacking, empty], axis=1))
    assert found[0] <= 0.05
    assert found[1] <= 0.05
    assert found[2] == 1


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_p_values_are_those_of_a_slow_reference(seed: int) -> None:
    """Step-down by the book, with scipy's t, on three columns of five blocks."""
    values = np.random.default_rng(seed).normal([0, 0.5, 2], 1, size=(5, 3))
    observed = abs(stats.ttest_1samp(values, 0).statistic)
    nulls = [
        abs(stats.ttest_1samp(values * np.array(signs)[:, None], 0).statistic) for signs in product((1, -1), repeat=5)
    ]
    order, expected, before = np.argsort(-observed), np.empty(3), 0.0
    for place, column in enumerate(order):
        reached = np.mean([null[order[place:]].max() >= observed[column] * (1 - 1e-9) for null in nulls])
        before = expected[column] = max(before, reached)
    assert sign_flip_p(values) == pytest.approx(expected)
