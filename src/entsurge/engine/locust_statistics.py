"""Feeds Locust's own statistics in bulk from the folded record, so that its web page and CSV agree with ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from entsurge.record.recorder import Fold

RATE_SECONDS = 20  # Locust's rates are of the last twelve
"""How long counts by second are kept. Locust keeps them for good: forty entries' eight hours are 108 MB."""


def feed(environment: Any, fold: Fold) -> None:
    """Add one second of pages to the statistics: one entry per service and persona, one for the total."""
    stats, now = environment.stats, time.time()
    for key, count in fold.counts.items():
        if key.kind != "page":
            continue
        for entry in (stats.get(key.service, key.persona), stats.total):
            _add(entry, fold.times_us[key] / 1000, count, failed=key.outcome != "ok", now=now)


def _add(entry: Any, milliseconds: Any, count: int, *, failed: bool, now: float) -> None:
    from locust.stats import bucket_response_time  # importing locust patches the process: its engine's alone

    second = int(now)
    entry.num_requests += count
    _count(entry.num_reqs_per_sec, second, count)
    entry.last_request_timestamp = now
    if failed:
        entry.num_failures += count
        _count(entry.num_fail_per_sec, second, count)
    entry.total_response_time += float(milliseconds.sum())
    lowest, highest = float(milliseconds.min()), float(milliseconds.max())
    entry.min_response_time = lowest if entry.min_response_time is None else min(entry.min_response_time, lowest)
    entry.max_response_time = max(entry.max_response_time, highest)
    values, counts = np.unique(milliseconds.astype(np.int64), return_counts=True)
    for value, times in zip(values.tolist(), counts.tolist(), strict=True):
        rounded = bucket_response_time(value)
        entry.response_times[rounded] = entry.response_times.get(rounded, 0) + times


def _count(by_second: dict[int, int], second: int, count: int) -> None:
    """Add to this second's count, and forget those that no rate is made of any more."""
    if second not in by_second:
        for old in [each for each in by_second if each < second - RATE_SECONDS]:
            del by_second[old]
    by_second[second] = by_second.get(second, 0) + count
