"""Quantiles of bucket counts, as HdrHistogram defines them: the highest value of the bucket that holds the rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from entsurge.record.histogram import upper_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Times:
    """A histogram: how often each bucket occurred, by its index; two of them add up without loss."""

    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many times there are."""
        return int(self.counts.sum())

    @property
    def sum_seconds(self) -> float:
        """All times added up, each as the highest value of its bucket."""
        places = np.flatnonzero(self.counts)
        return float((upper_ends(places) * self.counts[places]).sum()) / 1e6

    def quantile_seconds(self, percentile: float) -> float | None:
        """The percentile in seconds (rank int(p·n/100 + 0.5), at least 1); None of no times."""
        return self.quantiles_seconds([percentile])[0]

    def quantiles_seconds(self, percentiles: list[float]) -> list[float | None]:
        """Several percentiles in one pass."""
        places = np.flatnonzero(self.counts)
        if not len(places):
            return [None] * len(percentiles)
        return list(quantiles_seconds(places, self.counts[places], percentiles))

    def over(self, seconds: float) -> int:
        """How many times lie above so many seconds (by the highest value of their bucket)."""
        places = np.flatnonzero(self.counts)
        return int(self.counts[places][upper_ends(places) > seconds * 1e6].sum())


def quantiles_seconds(buckets: NDArray[np.int64], times: NDArray[np.int64], percentiles: list[float]) -> list[float]:
    """Percentiles in seconds of buckets in ascending order, not empty, and how often each occurred."""
    cumulative = np.cumsum(times)
    total = int(cumulative[-1])
    ranks = [max(1, min(total, int(each * total / 100 + 0.5))) for each in percentiles]
    places = np.searchsorted(cumulative, ranks)
    return [float(value) / 1e6 for value in upper_ends(buckets[places].astype(np.int64))]
