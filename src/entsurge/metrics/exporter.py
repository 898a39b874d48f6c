"""The Prometheus exporter of a run: what is offered, started and lost, and how the pages fare (docs/metrics.md)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from entsurge.audience.objective import parse_objective
from entsurge.audience.persona import of_manifest
from entsurge.audience.shape import SERVICES
from entsurge.metrics.ports import HOST, free_port
from entsurge.record.transport import KIND, PROTOCOLS, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from entsurge.audience.objective import Must
    from entsurge.record.recorder import Fold
    from entsurge.record.schema import Key

PORT = 9646
SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0)
MOST_EDGES = 40
PHASE_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
PHASES = {
    "queue": "queue", "name": "name", "connect": "connect", "tls-full": "tls", "tls-resumed": "tls", "wait": "wait",
    "transfer": "transfer",
}  # fmt: skip
KNOWN_SERVICES = frozenset(("sign-on", *SERVICES))
OTHER = "other"
VISITS = {
    "offered": "Visits due so far",
    "started": "Visits started",
    "lost": "Visits lost for the generator's own reasons",
}
HISTOGRAMS = {
    "service": ("entsurge_page_seconds", "Service time of the pages served, from their real start"),
    "corrected": ("entsurge_page_corrected_seconds", "Latency of the pages served, from the instant they were due"),
}


def edges(objectives: Iterable[Mapping[str, Any]]) -> tuple[float, ...]:
    """Bucket edges in seconds: a ladder, and every bound that an objective sets (an Apdex: T and 4 T), at most 40."""
    wanted: list[float] = []
    for each in objectives:
        must = parse_objective(str(each["must"]))
        if must.measure == "latency" and not must.relative:
            wanted.append(must.bound)
        elif must.threshold_seconds:
            wanted += [must.threshold_seconds, 4 * must.threshold_seconds]
    own = list(dict.fromkeys(wanted))[: MOST_EDGES - len(SECONDS)]
    return tuple(sorted({round(edge, 6) for edge in (*SECONDS, *own)}))


class _Times:
    """Counts between the edges, and the sum: of one persona's pages on one service, or of one phase of requests."""

    def __init__(self, seconds: tuple[float, ...]) -> None:
        self.seconds, self.edges_us = seconds, np.array(seconds) * 1e6
        self.counts: Any = np.zeros(len(seconds) + 1, np.int64)
        self.sum_us = 0

    def add(self, times_us: Any) -> None:
        """Take in times in µs."""
        self.counts += np.bincount(np.searchsorted(self.edges_us, times_us), minlength=len(self.counts))
        self.sum_us += int(times_us.sum())

    def onto(self, family: HistogramMetricFamily, labels: tuple[str, ...]) -> None:
        """Become a histogram of this family."""
        limits = [*map(str, self.seconds), "+Inf"]
        cumulative = np.cumsum(self.counts).tolist()
        family.add_metric(labels, list(zip(limits, cumulative, strict=True)), self.sum_us / 1e6)


class Exporter(Collector):
    """Metrics of one run, on a registry of its own.

    Values are added up a second at a time and put into Prometheus' form only when somebody asks for them. The number
    of series is bounded: personas are those of the manifest, services those of the
    vocabulary (`other` for the rest), phases those of the
    manifest; no page, URL, school or account is a label.
    """

    def __init__(self, manifest: Mapping[str, Any] | None = None) -> None:
        self.manifest = manifest or {}
        self.personas = tuple(of_manifest(self.manifest))
        self.seconds = edges(self.manifest.get("objectives", ()))
        self.visits: dict[str, Mapping[str, int]] = {name: {} for name in VISITS}
        self.pages: Counter[tuple[str, str, str, str]] = Counter()
        self.times: dict[str, dict[tuple[str, str], _Times]] = {name: {} for name in HISTOGRAMS}
        self.phases: dict[tuple[str, str, str], _Times] = {}
        self.retried_pages: Counter[tuple[str, str, str, str]] = Counter()
        self.retries: Mapping[str, int] = {}
        self.by_device: Counter[tuple[str, str]] = Counter()
        self.visitors: Mapping[str, int] = {}
        self.lag_seconds = self.busy = 0.0
        self.phase = ""
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def serve(self, port: int, host: str = HOST) -> int:
        """Serve at an address of ours, on the next free port where this one is taken; the port. Raises UsageError."""
        found = free_port(port, "--exporter-port", host)
        try:
            server, _ = start_http_server(found, addr=host, registry=self.registry)
        except OSError:  # taken between the look and the bind
            server, _ = start_http_server(0, addr=host, registry=self.registry)
        return int(server.server_port)

    def fold(self, fold: Fold) -> None:
        """Take in one second of pages; times of the pages served alone, a refusal is quick."""
        for key, count in fold.counts.items():
            if key.kind == KIND:
                self._phase(key, fold.times_us[key])
            if key.kind != "page":
                continue
            series = self._series(key)
            if key.attempt != "first":
                self.retried_pages[*series, key.phase, key.outcome] += count
                continue
            self.pages[*series, key.phase, key.outcome] += count
            if key.device:
                self.by_device[key.device, key.outcome] += count
            if key.outcome == "ok":
                self._add("service", series, fold.times_us[key])
                self._add("corrected", series, fold.corrected_us.get(key))

    def _series(self, key: Key) -> tuple[str, str]:
        """Persona and service of a page, within the vocabulary."""
        return (
            key.persona if key.persona in self.personas else OTHER,
            key.service if key.service in KNOWN_SERVICES else OTHER,
        )

    def _add(self, name: str, series: tuple[str, str], times_us: Any) -> None:
        if times_us is None:
            return
        self.times[name].setdefault(series, _Times(self.seconds)).add(times_us)

    def _phase(self, key: Key, times_us: Any) -> None:
        """Where requests' time went: of those served, and of all connections."""
        step = Step.of(key.page)
        if key.outcome != "ok" or step.name not in PHASES:
            return
        labels = (
            PHASES[step.name],
            step.protocol if step.protocol in PROTOCOLS else OTHER,
            key.service if key.service in KNOWN_SERVICES else OTHER,
        )
        self.phases.setdefault(labels, _Times(PHASE_SECONDS)).add(times_us)

    def gauge(
        self,
        visits: Mapping[str, Mapping[str, int]],
        visitors: Mapping[str, int],
        lag_seconds: float,
        *,
        phase: str = "",
        busy: float = 0.0,
        retries: Mapping[str, int] | None = None,
    ) -> None:
        """Take in one second's gauges; `visits` are the totals so far by name and persona, `retries` by persona."""
        self.retries = retries or {}
        self.visits.update(visits)
        self.visitors, self.lag_seconds, self.phase, self.busy = visitors, lag_seconds, phase, busy

    def collect(self) -> Iterator[Metric]:
        """Everything, in Prometheus' form."""
        yield self._info()
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
        yield self._devices()
        yield from (self._histogram(name) for name in HISTOGRAMS)
        yield self._phases()
        yield from self._gauges()
        yield self._objectives()
        yield self._fewest()

    @staticmethod
    def _pages(name: str, told: str, counted: Counter[tuple[str, str, str, str]]) -> Metric:
        family = CounterMetricFamily(name, told, labels=["persona", "service", "phase", "outcome"])
        for labels, count in counted.items():
            family.add_metric(labels, count)
        return family

    def _devices(self) -> Metric:
        """Sign-ons are pages here, as elsewhere; nothing of a run without devices."""
        family = CounterMetricFamily(
            "entsurge_device_pages", "Page views by the device of the visit", labels=["device", "outcome"]
        )
        for labels, count in self.by_device.items():
            family.add_metric(labels, count)
        return family

    def _info(self) -> Metric:
        told = {name: str(self.manifest.get(name, "")) for name in ("profile", "scale", "compression")}
        told["version"] = str(self.manifest.get("versions", {}).get("entsurge", ""))
        info = GaugeMetricFamily("entsurge_run_info", "What is run; always 1", labels=list(told))
        info.add_metric(list(told.values()), 1)
        return info

    def _gauges(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "entsurge_start_lag_seconds", "99th percentile of start lag in the last second", self.lag_seconds
        )
        yield GaugeMetricFamily(
            "entsurge_generator_busy_ratio", "Processor time of the busiest generator process, of one core", self.busy
        )
        visitors = GaugeMetricFamily("entsurge_visitors", "Visitors present", labels=["persona"])
        for persona, count in self.visitors.items():
            visitors.add_metric([persona], count)
        yield visitors
        phases = GaugeMetricFamily(
            "entsurge_phase", "1 for the phase that the run is in, 0 for others", labels=["phase"]
        )
        for each in self.manifest.get("phases", ()):
            phases.add_metric([str(each["name"])], float(each["name"] == self.phase))
        yield phases

    def _owed(self) -> Iterator[tuple[tuple[str, str], Mapping[str, Any], Must]]:
        """Persona and service, the objective and what it demands; those relative to a baseline apart."""
        for each in self.manifest.get("objectives", ()):
            must = parse_objective(str(each["must"]))
            if not must.relative:
                for persona in self.personas if each["persona"] == "*" else (each["persona"],):
                    yield (str(persona), str(each["service"])), each, must

    def _objectives(self) -> Metric:
        """The latency objectives, so that alerts need no copy of their bounds."""
        family = GaugeMetricFamily(
            "entsurge_objective_seconds",
            "Bound of a latency objective",
            labels=["persona", "service", "phase", "percentile"],
        )
        tightest: dict[tuple[str, str, str, str], float] = {}
        for whose, each, must in self._owed():
            if must.measure == "latency" and must.timing == "corrected":
                key = (*whose, str(each["phase"]), f"{must.percentile or 50:g}")
                tightest[key] = min(must.bound, tightest.get(key, must.bound))
        for labels, bound in tightest.items():
            family.add_metric(labels, bound)
        return family

    def _fewest(self) -> Metric:
        """How many pages the required objectives need, so that a run too small for them is known while it lasts."""
        family = GaugeMetricFamily(
            "entsurge_objective_fewest_pages",
            "Pages that a persona's required objectives need to be told",
            labels=["persona", "service", "phase"],
        )
        most: dict[tuple[str, str, str], int] = {}
        for whose, each, must in self._owed():
            if each.get("required", True) and must.measure != "recovery":
                key = (*whose, str(each["phase"]))
                most[key] = max(must.fewest, most.get(key, 0))
        for labels, pages in most.items():
            family.add_metric(labels, pages)
        return family

    def _histogram(self, name: str) -> Metric:
        family = HistogramMetricFamily(*HISTOGRAMS[name], labels=["persona", "service"])
        for series, of in self.times[name].items():
            of.onto(family, series)
        return family

    def _phases(self) -> Metric:
        family = HistogramMetricFamily(
            "entsurge_request_phase_seconds",
            "Where the time of requests went: those served, and every connection made",
            labels=["phase", "protocol", "service"],
        )
        for labels, of in self.phases.items():
            of.onto(family, labels)
        return family
