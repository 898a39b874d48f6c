"""Latency buckets: the HdrHistogram index of a time in µs, 1 µs to 1 h, 3 significant digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST_US = 3_600_000_000


def bucket(microseconds: int) -> int:
    """The bucket of one time; out-of-range times go to the first or last bucket."""
    value = min(max(microseconds, 1), HIGHEST_US)
    shift = max(0, value.bit_length() - 11)
    return 1024 * shift + (value >> shift)


BUCKETS = bucket(HIGHEST_US) + 1


def buckets(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The buckets of many times at once; the same as `bucket` of each."""
    values = np.clip(microseconds, 1, HIGHEST_US)
    bits = np.frexp(values.astype(np.float64))[1]
    shift = np.maximum(0, bits - 11).astype(np.int64)
    result: NDArray[np.int64] = 1024 * shift + (values >> shift)
    return result


def highest(index: int) -> int:
    """The largest time in µs that falls into this bucket."""
    shift = max(0, index // 1024 - 1)
    return (((index - 1024 * shift) + 1) << shift) - 1


def upper_ends(indexes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The largest time in µs of many buckets at once; the same as `highest` of each."""
    shift = np.maximum(0, indexes // 1024 - 1)
    result: NDArray[np.int64] = (((indexes - 1024 * shift) + 1) << shift) - 1
    return result
