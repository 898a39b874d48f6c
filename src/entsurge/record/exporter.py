"""The Prometheus exporter of a run: what is offered, started and lost, and how the pages fare."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from entsurge.record.recorder import Fold

PORT = 9646
SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0)
EDGES_US = np.array(SECONDS) * 1e6
VISITS = {
    "offered": "Visits due so far",
    "started": "Visits started",
    "lost": "Visits lost for the generator's own reasons",
}


class Exporter(Collector):
    """Metrics of one run, on a registry of its own; docs/metrics.md lists them.

    Values are added up a second at a time and put into Prometheus' form only when somebody asks for them.
    """

    def __init__(self) -> None:
        self.visits: dict[str, Mapping[str, int]] = {name: {} for name in VISITS}
        self.pages: Counter[tuple[str, str, str, str]] = Counter()
        self.retried_pages: Counter[tuple[str, str, str, str]] = Counter()
        self.retries: Mapping[str, int] = {}
        self.counts: dict[tuple[str, str], Any] = {}
        self.sums_us: Counter[tuple[str, str]] = Counter()
        self.visitors: Mapping[str, int] = {}
        self.lag_seconds = 0.0
        self.registry = CollectorRegistry()
        self.registry.register(self)

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
            if key.attempt != "first":
                self.retried_pages[key.persona, key.service, key.phase, key.outcome] += count
                continue
            self.pages[key.persona, key.service, key.phase, key.outcome] += count
            series, times = (key.persona, key.service), fold.times_us[key]
            places = np.bincount(np.searchsorted(EDGES_US, times), minlength=len(SECONDS) + 1)
            self.counts[series] = self.counts.get(series, 0) + places
            self.sums_us[series] += int(times.sum())

    def gauge(
        self,
        visits: Mapping[str, Mapping[str, int]],
        visitors: Mapping[str, int],
        lag_seconds: float,
        retries: Mapping[str, int] | None = None,
    ) -> None:
        """Take in one second's gauges; `visits` are the totals so far by name and persona, `retries` by persona."""
        self.retries = retries or {}
        self.visits.update(visits)
        self.visitors, self.lag_seconds = visitors, lag_seconds

    def collect(self) -> Iterator[Metric]:
        """Everything, in Prometheus' form."""
        for name, told in VISITS.items():
            family = CounterMetricFamily(f"entsurge_visits_{name}", told, labels=["persona"])
            for persona, count in self.visits[name].items():
                family.add_metric([persona], count)
            yield family
        retries = CounterMetricFamily("entsurge_retries", "Attempts after a failed visit", labels=["persona"])
        for persona, count in self.retries.items():
            retries.add_metric([persona], count)
        yield retries
        yield self._pages("entsurge_pages", "Page views by outcome", self.pages)
        yield self._pages("entsurge_retried_pages", "Page views of retries by outcome", self.retried_pages)
        yield self._seconds()
        yield GaugeMetricFamily(
            "entsurge_start_lag_seconds", "99th percentile of start lag in the last second", self.lag_seconds
        )
        visitors = GaugeMetricFamily("entsurge_visitors", "Visitors present", labels=["persona"])
        for persona, count in self.visitors.items():
            visitors.add_metric([persona], count)
        yield visitors

    @staticmethod
    def _pages(name: str, told: str, counted: Counter[tuple[str, str, str, str]]) -> Metric:
        family = CounterMetricFamily(name, told, labels=["persona", "service", "phase", "outcome"])
        for labels, count in counted.items():
            family.add_metric(labels, count)
        return family

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "entsurge_page_seconds", "Service time of page views", labels=["persona", "service"]
        )
        edges = [*map(str, SECONDS), "+Inf"]
        for series, counts in self.counts.items():
            cumulative = np.cumsum(counts).tolist()
            family.add_metric(series, list(zip(edges, cumulative, strict=True)), self.sums_us[series] / 1e6)
        return family
