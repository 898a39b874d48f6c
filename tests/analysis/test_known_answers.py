"""Statistics against answers that were known before."""

from pathlib import Path

import numpy as np
import pytest
from tests.analysis.records import pages, run_of

from entsurge.analysis import proportion
from entsurge.analysis.objectives import apdex
from entsurge.record.histogram import BUCKETS, buckets
from entsurge.record.reading.hdr import Times


def times(values: list[int]) -> Times:
    """The histogram of these µs."""
    return Times(np.bincount(buckets(np.array(values)), minlength=BUCKETS))


@pytest.mark.parametrize(("percentile", "expected"), [(50, 5003), (90, 9007), (95, 9503), (99, 9903), (99.9, 9991)])
def test_quantiles_of_one_to_ten_thousand(percentile: float, expected: int) -> None:
    """HdrHistogram's own answers for 1…10000."""
    assert times(list(range(1, 10_001))).quantile_seconds(percentile) == pytest.approx(expected / 1e6, abs=1e-12)


def test_one_outlier_among_ten_thousand() -> None:
    """10,000 × 1000 and one 10⁸: p99.99 is 1000, p99.999 is 100007935."""
    found = times([1000] * 10_000 + [100_000_000])
    assert found.quantile_seconds(99.99) == pytest.approx(1000 / 1e6)
    assert found.quantile_seconds(99.999) == pytest.approx(100_007_935 / 1e6)


def test_apdex_of_the_specification(tmp_path: Path) -> None:
    """40 satisfied, 200 tolerating, 48 frustrated → 0.486."""
    sizes = pages(seconds=0.4, count=40) + pages(seconds=1.0, count=200) + pages(seconds=9.0, count=48)
    assert round(apdex(run_of(tmp_path, sizes).tally, 0.5)[0], 3) == 0.486


@pytest.mark.parametrize(("samples", "allowed"), [(59, 0.05), (299, 0.01), (2995, 0.001)])
def test_zero_violations_prove_only_from_enough_samples(samples: int, allowed: float) -> None:
    """59, 299 and 2995 samples without a violation prove p95, p99 and p99.9 at 95 %; one fewer does not."""
    assert proportion.upper(0, samples) <= allowed
    assert proportion.upper(0, samples - 1) > allowed


def test_limits_lie_around_the_share() -> None:
    """Clopper-Pearson: 5 of 100 lies between its one-sided limits, 2.0 % and 10.2 %."""
    assert proportion.lower(5, 100) == pytest.approx(0.0199, abs=0.0005)
    assert proportion.upper(5, 100) == pytest.approx(0.1023, abs=0.0005)
