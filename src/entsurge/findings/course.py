"""The course of a run: second by second, percentile by percentile, and what the target said of itself."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.record.reading.shapes import Phase


@dataclass(frozen=True)
class Timeline:
    """Per second of run time; every list but `phases` has a value a second.

    Pages (sign-on apart), requests and visits are counts, percentiles of corrected latency are in seconds (None where
    nothing came). `sign_on_p95_s` is that of signing on, which the pages' percentiles leave out; `all_p95_s` is that of
    both together, as objectives on all services have it.
    """

    second: list[int]
    offered_pages: list[float]
    ok: list[int]
    shed: list[int]
    failed: list[int]
    lost: list[int]
    requests: list[int]
    offered_visits: list[int]
    started_visits: list[int]
    p50_s: list[float | None]
    p95_s: list[float | None]
    p99_s: list[float | None]
    sign_on_p95_s: list[float | None]
    all_p95_s: list[float | None]
    visitors: list[int]
    phases: list[Phase]


@dataclass(frozen=True)
class AtPercentile:
    """Corrected latency and service time at a percentile; `nines` is how many nines it has (99 %: 2)."""

    percentile: float
    nines: float
    corrected_s: float | None
    service_s: float | None


@dataclass(frozen=True)
class RequestTimes:
    """Service times of requests."""

    count: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True)
class Percentiles:
    """Of the served pages of the window, sign-on included: a curve evenly set on a scale of nines, a table, the most.

    A percentile is given only where at least one time lies above it.
    """

    count: int
    curve: list[AtPercentile]
    table: list[AtPercentile]
    most_corrected_s: float | None
    most_service_s: float | None
    requests: RequestTimes


@dataclass(frozen=True)
class Point:
    """A value at a second of the run."""

    t: float
    value: float


@dataclass(frozen=True)
class TargetSeries:
    """One of the target's own series; the points of a counter are its rate a second."""

    name: str
    kind: str
    points: list[Point]
