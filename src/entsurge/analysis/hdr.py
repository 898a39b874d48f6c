"""Quantiles of bucket counts, as HdrHistogram defines them: the highest value of the bucket that holds the rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def highest_us(buckets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The largest time in µs that falls into each bucket."""
    shift = np.maximum(0, buckets // 1024 - 1)
    result: NDArray[np.int64] = ((buckets - 1024 * shift + 1) << shift) - 1
    return result


def counts(rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct buckets in order and how often each occurred."""
    summed = rows.groupby("bucket", sort=True)["count"].sum()
    return summed.index.to_numpy(dtype=np.int64), summed.to_numpy(dtype=np.int64)


def quantile_seconds(rows: pd.DataFrame, percentile: float) -> float | None:
    """The percentile in seconds (rank int(p·n/100 + 0.5), at least 1); None of no rows."""
    if rows.empty:
        return None
    buckets, times = counts(rows)
    total = int(times.sum())
    rank = max(1, min(total, int(percentile * total / 100 + 0.5)))
    position = int(np.searchsorted(np.cumsum(times), rank))
    return float(highest_us(buckets[position : position + 1])[0]) / 1e6


def over(rows: pd.DataFrame, seconds: float) -> int:
    """How many times lie above so many seconds (by the highest value of their bucket)."""
    if rows.empty:
        return 0
    buckets, times = counts(rows)
    return int(times[highest_us(buckets) > seconds * 1e6].sum())
