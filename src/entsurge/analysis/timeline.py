"""The run second by second: what was offered, what became of it, how long it took, who was there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from entsurge.analysis import hdr

if TYPE_CHECKING:
    import pandas as pd

    from entsurge.analysis.run import Run


def timeline(run: Run) -> dict[str, Any]:
    """Per second of run time: pages offered (the plan's), pages by outcome, p50 and p95 in seconds, visitors."""
    pages = run.pages[run.pages["service"] != "sign-on"]
    last = int(max([each["t"] for each in run.gauges] + [int(pages["second"].max()) + 1 if len(pages) else 0, 1]))
    seconds = list(range(last))
    service = pages[pages["timing"] == "service"]
    outcomes = {
        name: _per_second(service[service["outcome"] == name], last) for name in ("ok", "shed", "failed", "lost")
    }
    corrected = pages[(pages["timing"] == "corrected") & (pages["outcome"] == "ok")]
    by_second = dict(tuple(corrected.groupby("second"))) if len(corrected) else {}
    visitors = {int(each["t"]) - 1: sum(each["visitors"].values()) for each in run.gauges}
    return {
        "second": seconds,
        "offered_pages": [round(rate, 2) for rate in _offered(run, last)],
        **outcomes,
        "p50_s": [_quantile(by_second.get(each), 50) for each in seconds],
        "p95_s": [_quantile(by_second.get(each), 95) for each in seconds],
        "visitors": [visitors.get(each, 0) for each in seconds],
        "phases": run.manifest["phases"],
    }


def _per_second(rows: pd.DataFrame, last: int) -> list[int]:
    summed: Any = rows.groupby("second")["count"].sum() if len(rows) else {}
    return [int(summed.get(second, 0)) for second in range(last)]


def _quantile(rows: pd.DataFrame | None, percentile: float) -> float | None:
    return None if rows is None else hdr.quantile_seconds(rows, percentile)


def _offered(run: Run, last: int) -> list[float]:
    """Pages per second that the plan calls for: each visit's pages spread evenly over its planned time."""
    rates = [0.0] * last
    columns = (run.visits[name].tolist() for name in ("due_us", "planned_gap_us", "planned"))
    for due_us, gap_us, planned in zip(*columns, strict=True):
        begin, length = due_us / 1e6, max(gap_us / 1e6, 1e-6)
        for second in range(max(0, int(begin)), min(last, math.ceil(begin + length))):
            overlap = min(second + 1, begin + length) - max(second, begin)
            rates[second] += planned * max(0.0, overlap) / length
    return rates
