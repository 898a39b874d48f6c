"""How late things were, in memory that does not grow: the same quantiles as of the whole list, within a bucket."""

import random

import pytest

from entsurge.engine.book import quantile
from entsurge.engine.lateness import Lateness, Mean
from entsurge.record.histogram import BUCKETS


@pytest.mark.parametrize("share", [0.0, 0.5, 0.51, 0.99, 1.0])
def test_quantiles_are_those_of_the_list(share: float) -> None:
    """Up to 2 ms to the microsecond, beyond within one in a thousand, the greatest always to the microsecond."""
    drawn = random.Random(7)
    for most in (4, 2_000, 3_000_000):
        times = [drawn.randrange(1, most) for _ in range(5_000)]
        found = Lateness()
        found.add(times[:100])
        found.add(times[100:])
        exact = quantile(times, share)
        assert found.quantile(share) == pytest.approx(exact, rel=0.001, abs=0)
        if most <= 2_000 or share == 1.0:
            assert found.quantile(share) == exact


def test_nothing_has_no_lateness_and_no_time_at_all_is_none() -> None:
    """0 of none; a time of 0 µs or of more than an hour stands in the first or last bucket."""
    assert Lateness().quantile(0.99) == 0
    found = Lateness()
    found.add([0, 7_200_000_000])
    assert found.quantile(1.0) == 7_200_000_000
    assert found.quantile(0.5) <= 1


def test_it_grows_no_further_than_its_buckets() -> None:
    """However many times there are."""
    found = Lateness()
    for _ in range(3):
        found.add(range(0, 3_600_000_000, 40_000))
    assert len(found.counts) <= BUCKETS
    assert found.counts.total() == 270_000


def test_a_mean_is_a_sum_and_a_count() -> None:
    """0 of nothing."""
    found = Mean()
    assert found.value == 0.0
    for each in (0.2, 0.4):
        found.add(each)
    assert found.value == pytest.approx(0.3)
