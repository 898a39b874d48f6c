"""What the sandbox says of itself, for Prometheus."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from entsurge.sandbox.live.meters import LiveMeters

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.sandbox.sessions import Sessions
    from entsurge.sandbox.workers import Resources

_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Telemetry:
    """The sandbox's metrics, in a registry of their own.

    Outcomes: `ok`, `denied` (wrong password, no session or no right), `waiting` (waiting room),
    `closed` (a measure), `refused` (queue full).
    """

    def __init__(self, resources: Resources, sessions: Sessions) -> None:
        self._registry = CollectorRegistry()
        requests = Counter("entsandbox_requests", "Requests answered.", ("service", "outcome"), registry=self._registry)
        seconds = Histogram(
            "entsandbox_page_seconds",
            "Time of a page's document, queue included.",
            ("service",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.live = LiveMeters(self._registry)
        self._count: Callable[[str, str], Counter] = cache(requests.labels)
        self._seconds: Callable[[str], Histogram] = cache(seconds.labels)
        self._gauge("workers_busy", "Workers at work.", lambda: resources.workers.busy)
        self._gauge("queue", "Pages waiting for a worker.", lambda: resources.workers.queue)
        self._gauge("pool_busy", "Database connections in use.", lambda: resources.pool.busy)
        self._gauge("sessions", "Sign-ons that have not ended.", lambda: len(sessions))

    def count(self, service: str, outcome: str) -> None:
        """One request was answered."""
        self._count(service, outcome).inc()

    def page(self, service: str, seconds: float) -> None:
        """One page's document was made, in so many seconds."""
        self._seconds(service).observe(seconds)

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, says: str, value: Callable[[], float]) -> None:
        Gauge(f"entsandbox_{name}", says, registry=self._registry).set_function(value)
