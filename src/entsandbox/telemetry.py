"""What the sandbox says of itself, for Prometheus; several processes of one sandbox speak with one voice."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from entsandbox.live_meters import LiveMeters
from entsandbox.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable: where processes put their counts
_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DOORS: Mapping[str, str] = {"/cas/": "sign-on", "/api/v1/": "api"}
_GAUGES: Mapping[str, str] = {
    "workers": "Application workers.",
    "workers_busy": "Workers at work.",
    "queue": "Pages waiting for a worker.",
    "pool": "Connections of the declared pool.",
    "pool_busy": "Connections in use.",
    "pool_waiting": "Pages waiting for a connection.",
    "waiting_room_queue": "Newcomers before the waiting room.",
    "database_busy": "Real connections at work (PostgreSQL).",
    "database_waiting": "Pieces of work waiting for a real connection (PostgreSQL).",
}


class Telemetry:
    """The sandbox's metrics, in a registry of their own.

    Outcomes: `ok`, `denied` (wrong password, no session or no right), `waiting` (waiting room), `closed` (a
    measure), `limited` (the account's allowance is spent), `refused` (queue full), `failed` (no database).
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        requests = self._counter("requests", "Requests answered.", ("route", "persona", "outcome"))
        doors = self._counter(
            "door_requests",
            "Requests that came, by the door they came to and by what asked, as its User-Agent says.",
            ("door", "device"),
        )
        effects = self._counter(
            "measure_effects",
            "What a measure did: people and pages it turned away, static pages, sessions ended early.",
            ("measure", "persona"),
        )
        seconds = Histogram(
            "entsandbox_page_seconds",
            "Time of a page's document, queue included.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._count: Callable[[str, str, str], Counter] = cache(requests.labels)
        self._door: Callable[[str, str], Counter] = cache(doors.labels)
        self._effect: Callable[[str, str], Counter] = cache(effects.labels)
        self._seconds: Callable[[str], Histogram] = cache(seconds.labels)
        self._gauges = {name: self._gauge(name, says, "livesum") for name, says in _GAUGES.items()}
        self._sessions = self._gauge("sessions", "Sign-ons that have not ended.", "livemax", ("persona",))
        self._limit = self._gauge("session_limit", "Sign-ons before the waiting room answers.", "livemax")
        self._measures = self._gauge("measure_on", "Whether a measure is on.", "livemax", ("measure",))

        self.live = LiveMeters(self._registry)

    def count(self, route: str, outcome: str, persona: str = "none") -> None:
        """One request was answered."""
        self._count(route, persona, outcome).inc()

    def came(self, path: str, agent: bytes) -> None:
        """A request came: to the sign-on, to the app's API or to a page; by a phone's browser or by anything else."""
        door = next((name for start, name in _DOORS.items() if path.startswith(start)), "pages")
        self._door(door, "phone" if b"Mobile" in agent else "other").inc()

    def effect(self, measure: str, persona: str = "none") -> None:
        """A measure did what it is for, once."""
        self._effect(measure, persona).inc()

    def page(self, route: str, seconds: float) -> None:
        """One page's document was made, in so many seconds."""
        self._seconds(route).observe(seconds)

    def sample(
        self, now: Mapping[str, float], present: Mapping[str, int], limit: float, on: Callable[[str], bool]
    ) -> None:
        """Take down what is so at this instant."""
        for name, value in now.items():
            self._gauges[name].set(value)
        for persona, count in present.items():
            self._sessions.labels(persona).set(count)
        self._limit.set(limit)
        for measure in MEASURES:
            self._measures.labels(measure).set(on(measure))

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format, of every process that shares them."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
        return generate_latest(everyone)

    def _counter(self, name: str, says: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"entsandbox_{name}", says, labels, registry=self._registry)

    def _gauge(
        self, name: str, says: str, together: Literal["livesum", "livemax"], labels: tuple[str, ...] = ()
    ) -> Gauge:
        return Gauge(f"entsandbox_{name}", says, labels, registry=self._registry, multiprocess_mode=together)
