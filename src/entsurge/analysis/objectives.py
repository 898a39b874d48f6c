"""Judges objectives: met, missed, not enough data, or deferred by a measure.

Met: the one-sided 95 % limit keeps the objective. Missed: the estimate itself breaks it and there is enough data, or
the other limit proves it. Anything between says "not enough data", never "pass".
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from entsurge.analysis import hdr, proportion
from entsurge.audience.objective import Must, parse_objective

if TYPE_CHECKING:
    import pandas as pd

    from entsurge.analysis.run import Run

State = Literal["met", "missed", "not-enough-data", "deferred"]
UNITS = {"latency": "s", "errors": "ratio", "availability": "ratio", "served": "ratio", "apdex": "score"}


@dataclass(frozen=True)
class Finding:
    """One objective, judged for one persona. `value`, `low`, `high` are in seconds, or shares from 0 to 1."""

    id: str
    persona: str
    service: str
    phase: str
    must: str
    required: bool
    state: State
    value: float | None
    low: float | None
    high: float | None
    unit: str
    count: int

    def as_json(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self)


def judge_objectives(run: Run) -> list[Finding]:
    """Every objective of the manifest; `*` stands for each persona that the plan has pages for."""
    return [
        _judge(run, each, persona) for each in run.manifest["objectives"] for persona in _personas(run, each["persona"])
    ]


def _personas(run: Run, persona: str) -> list[str]:
    if persona != "*":
        return [persona]
    return [name for name, planned in run.manifest["planned"].items() if planned["page_views"]]


def _judge(run: Run, each: dict[str, Any], persona: str) -> Finding:
    must = parse_objective(each["must"])
    rows = run.pages if each["phase"] == run.window["name"] else run.phased
    rows = rows[(rows["phase"] == each["phase"]) & (rows["persona"] == persona)]
    if each["service"] != "*":
        rows = rows[rows["service"] == each["service"]]
    state, value, low, high, count = _MEASURES[must.measure](must, rows, run, each["service"], persona)
    if persona in run.deferred:
        state = "deferred"
    required = bool(each["required"]) and state != "deferred"
    return Finding(
        each["id"], persona, each["service"], each["phase"], each["must"], required, state, value, low, high,
        UNITS[must.measure], count,
    )  # fmt: skip


Judged = tuple[State, float | None, float | None, float | None, int]


def _latency(must: Must, rows: pd.DataFrame, *_: Any) -> Judged:
    """A percentile under a bound: the share of pages over the bound against 1 − percentile."""
    pages = rows[(rows["timing"] == "corrected") & (rows["outcome"] == "ok")]
    total = int(pages["count"].sum())
    percentile = must.percentile or 50.0
    value = hdr.quantile_seconds(pages, percentile)
    if value is None:
        return "not-enough-data", None, None, None, 0
    allowed, slow = 1 - percentile / 100, hdr.over(pages, must.bound)
    needed = math.ceil(math.log(1 - proportion.ONE_SIDED) / math.log(percentile / 100))
    low, high = _quantile_limits(pages, percentile, total)
    if must.holds(value) and proportion.upper(slow, total) <= allowed:
        return "met", value, low, high, total
    if (not must.holds(value) and total >= needed) or proportion.lower(slow, total) > allowed:
        return "missed", value, low, high, total
    return "not-enough-data", value, low, high, total


def _quantile_limits(pages: pd.DataFrame, percentile: float, total: int) -> tuple[float | None, float | None]:
    """One-sided 95 % limits of a quantile by order statistics (normal approximation of the rank)."""
    share = percentile / 100
    spread = 1.645 * math.sqrt(share * (1 - share) / total)
    low = hdr.quantile_seconds(pages, 100 * max(0.0, share - spread))
    high = hdr.quantile_seconds(pages, 100 * (share + spread)) if share + spread < 1 else None
    return low, high


def _share(must: Must, events: int, total: int) -> Judged:
    if not total:
        return "not-enough-data", None, None, None, 0
    value = events / total
    low, high = proportion.lower(events, total), proportion.upper(events, total)
    downward = must.comparison in ("<", "<=")
    if must.holds(high if downward else low):
        return "met", value, low, high, total
    allowed = must.bound if downward else 1 - must.bound
    needed = math.log(1 - proportion.ONE_SIDED) / math.log(1 - allowed) if 0 < allowed < 1 else 1
    proved = not must.holds(low if downward else high)
    if proved or (not must.holds(value) and total >= needed):
        return "missed", value, low, high, total
    return "not-enough-data", value, low, high, total


def _counted(rows: pd.DataFrame) -> dict[str, int]:
    service = rows[rows["timing"] == "service"]
    return {name: int(service.loc[service["outcome"] == name, "count"].sum()) for name in ("ok", "shed", "failed")}


def _errors(must: Must, rows: pd.DataFrame, *_: Any) -> Judged:
    of = _counted(rows)
    return _share(must, of["failed"], sum(of.values()))


def _availability(must: Must, rows: pd.DataFrame, *_: Any) -> Judged:
    of = _counted(rows)
    return _share(must, of["ok"], sum(of.values()))


def _served(must: Must, rows: pd.DataFrame, run: Run, service: str, persona: str) -> Judged:
    del rows
    visits = run.window_visits
    visits = visits[visits["persona"] == persona]
    if service == "*":
        return _share(must, int(visits["ok"].sum()), int(visits["planned"].sum()))
    parts = [part for parts in visits["services"] for part in parts if part["service"] == service]
    return _share(must, sum(part["ok"] for part in parts), sum(part["planned"] for part in parts))


def apdex(rows: pd.DataFrame, threshold_seconds: float) -> tuple[float | None, int]:
    """Apdex: (satisfied + tolerating/2)/N over corrected latency; failed and shed pages are frustrated."""
    pages = rows[rows["timing"] == "corrected"]
    pages = pages[pages["outcome"] != "lost"]
    total = int(pages["count"].sum())
    if not total:
        return None, 0
    served = pages[pages["outcome"] == "ok"]
    count = int(served["count"].sum())
    satisfied = count - hdr.over(served, threshold_seconds)
    tolerating = count - hdr.over(served, 4 * threshold_seconds) - satisfied
    return (satisfied + tolerating / 2) / total, total


def _apdex(must: Must, rows: pd.DataFrame, *_: Any) -> Judged:
    value, total = apdex(rows, must.threshold_seconds or 0.5)
    if value is None:
        return "not-enough-data", None, None, None, 0
    spread = 1.645 * math.sqrt(max(value * (1 - value), 0.25 / total) / total)
    low, high = max(0.0, value - spread), min(1.0, value + spread)
    if must.holds(low):
        return "met", value, low, high, total
    return ("missed" if not must.holds(value) else "not-enough-data"), value, low, high, total


_MEASURES: dict[str, Any] = {
    "latency": _latency, "errors": _errors, "availability": _availability, "served": _served, "apdex": _apdex,
}  # fmt: skip
