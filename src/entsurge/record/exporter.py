"""The Prometheus exporter of a run: what is offered, started and lost, and how the pages fare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.record.recorder import Fold

PORT = 9646
SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0)


class Exporter:
    """Metrics of one run, on a registry of its own; docs/metrics.md lists them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self.offered = Counter("entsurge_visits_offered", "Visits due so far", ["persona"], **own)
        self.started = Counter("entsurge_visits_started", "Visits started", ["persona"], **own)
        self.lost = Counter("entsurge_visits_lost", "Visits lost for the generator's own reasons", ["persona"], **own)
        labels = ["persona", "service", "phase", "outcome"]
        self.pages = Counter("entsurge_pages", "Page views by outcome", labels, **own)
        self.seconds = Histogram(
            "entsurge_page_seconds",
            "Service time of page views",
            ["persona", "service"],
            buckets=SECONDS,
            **own,
        )
        self.lag = Gauge("entsurge_start_lag_seconds", "99th percentile of start lag in the last second", **own)
        self.visitors = Gauge("entsurge_visitors", "Visitors present", ["persona"], **own)

    def serve(self, port: int) -> int:
        """Serve on loopback; returns the port, 0 when it is taken by someone else."""
        try:
            server, _ = start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError:
            return 0
        return int(server.server_port)

    def fold(self, fold: Fold) -> None:
        """Take in one second of pages."""
        for key, count in fold.counts.items():
            if key.kind != "page":
                continue
            self.pages.labels(key.persona, key.service, key.phase, key.outcome).inc(count)
            series = self.seconds.labels(key.persona, key.service)
            for microseconds in fold.times_us[key]:
                series.observe(microseconds / 1e6)

    def gauge(self, visitors: Mapping[str, int], lag_seconds: float) -> None:
        """Take in one second's gauges."""
        self.lag.set(lag_seconds)
        for persona, count in visitors.items():
            self.visitors.labels(persona).set(count)
