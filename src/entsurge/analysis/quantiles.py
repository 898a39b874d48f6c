"""One quantile for every group of histogram rows at once: no loop over groups, exact to the buckets' three digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.record.histogram import upper_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def table(rows: pd.DataFrame, by: Sequence[str], percentile: float) -> dict[tuple[Any, ...], tuple[float, int]]:
    """By key: the percentile in seconds (as `hdr.Times` defines it) and the count it rests on."""
    if rows.empty:
        return {}
    summed = rows.groupby([*by, "bucket"], sort=True, observed=True)["count"].sum()
    counts = summed.to_numpy(dtype=np.int64)
    index: Any = summed.index
    buckets = index.get_level_values(-1).to_numpy(dtype=np.int64)
    codes = np.array([np.asarray(level) for level in index.codes[:-1]])
    begins = np.flatnonzero(np.r_[True, (codes[:, 1:] != codes[:, :-1]).any(axis=0)])
    totals = np.add.reduceat(counts, begins)
    cumulative = np.cumsum(counts)
    before = cumulative[begins] - counts[begins]
    ranks = np.clip((percentile * totals / 100 + 0.5).astype(np.int64), 1, totals)
    places = np.searchsorted(cumulative, before + ranks)
    seconds = upper_ends(buckets[places]) / 1e6
    keys = [index.levels[place][codes[place, begins]] for place in range(len(by))]
    return {
        key: (float(value), int(total))
        for key, value, total in zip(zip(*keys, strict=True), seconds, totals, strict=True)
    }
