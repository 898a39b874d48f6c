"""The run second by second: what was offered, what became of it, how long it took, who was there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.findings.course import Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run


SIGN_ON = "sign-on"


def timeline(run: Run) -> Timeline:
    """Per second of run time: what the plan offered, what became of it, how long it took, who was there.

    Pages, requests and visits are counts, percentiles of corrected latency are in seconds (None where nothing came).
    """
    of = run.tally.seconds
    last = max([int(each.get("t", 0)) for each in run.gauges] + [len(of.requests), 1])
    p50, p95, p99 = (_unknown_after(of.quantiles(place), last) for place in range(3))
    ok, shed, failed, lost = (_padded(of.outcomes[name], last) for name in ("ok", "shed", "failed", "lost"))
    visitors = {int(each["t"]) - 1: sum(each["visitors"].values()) for each in run.gauges if "visitors" in each}
    stays = run.stays
    started = stays["start_us"][~stays.where(sign_on="lost")]
    return Timeline(
        second=list(range(last)),
        offered_pages=_offered_pages(run, last).round(2).tolist(),
        ok=ok,
        shed=shed,
        failed=failed,
        lost=lost,
        requests=_padded(of.requests, last),
        offered_visits=_starts(stays["due_us"], last),
        started_visits=_starts(started, last),
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        sign_on_p95_s=_unknown_after(run.seconds(service=SIGN_ON).quantiles(1), last)[:last],
        all_p95_s=_unknown_after(run.seconds(service="*").quantiles(1), last)[:last],
        visitors=[visitors.get(each, 0) for each in range(last)],
        phases=run.manifest["phases"],
    )


def _unknown_after(values: list[float | None], size: int) -> list[float | None]:
    return values + [None] * (size - len(values))


def _padded(values: NDArray[np.int64], size: int) -> list[int]:
    found: list[int] = np.pad(values, (0, size - len(values))).tolist()
    return found


def _starts(times_us: NDArray[Any], last: int) -> list[int]:
    seconds = (times_us // 1_000_000).astype(np.int64)
    found: list[int] = np.bincount(seconds[(seconds >= 0) & (seconds < last)], minlength=last).tolist()
    return found


def _offered_pages(run: Run, last: int) -> NDArray[np.float64]:
    """Pages per second that the plan calls for: each visit's pages spread evenly over its planned time.

    The running total at each whole second: a visit adds planned × (t − begin)/length between its begin and its end,
    that is two ramps, and the sum of ramps is a count and a weighted sum of what has begun so far.
    """
    begin = run.stays["due_us"] / 1e6
    length = np.maximum(run.stays["planned_gap_us"] / 1e6, 1e-6)
    rate = run.stays["planned"] / length
    edges = np.arange(last + 1, dtype=np.float64)
    return np.diff(_ramps(begin, rate, edges) - _ramps(begin + length, rate, edges))


def _ramps(begin: NDArray[np.float64], rate: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ rate × max(0, t − begin) at each t."""
    order = np.argsort(begin)
    begin, rate = begin[order], rate[order]
    before = np.searchsorted(begin, at, side="right")
    rates = np.concatenate([[0.0], np.cumsum(rate)])
    weighted = np.concatenate([[0.0], np.cumsum(rate * begin)])
    found: NDArray[np.float64] = rates[before] * at - weighted[before]
    return found
