"""Where the time of requests went, over which protocols, and how many connections and handshakes a visit took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spoken:
    """What the run's first question was answered over; `tls` and `cipher` are None without TLS."""

    http: str
    tls: str | None
    cipher: str | None
    address: str


@dataclass(frozen=True)
class ProtocolShare:
    """Requests served over one version of HTTP, and their share of all."""

    protocol: str
    requests: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Connections made and TLS handshakes, in all and for each visit that was started; WebSockets among them."""

    visits: int
    made: int
    full: int
    resumed: int
    made_per_visit: float | None
    full_per_visit: float | None
    resumed_per_visit: float | None
    sockets: int


@dataclass(frozen=True)
class StepTimes:
    """A phase of requests: of those that had it, and its share of all requests' time."""

    phase: str
    count: int
    p50_s: float | None
    p95_s: float | None
    mean_s: float
    share: float


@dataclass(frozen=True, kw_only=True)
class ServiceTimes:
    """The mean time of a service's request, and how it is divided (None of what did not occur)."""

    service: str
    requests: int
    mean_s: float
    wait_p95_s: float | None
    connecting_share: float | None
    queue_share: float | None
    wait_share: float | None
    transfer_share: float | None


@dataclass(frozen=True)
class Forgiven:
    """Answers that browsers take and HTTP's rules do not, by what a strict reader has against them."""

    reason: str
    answers: int


@dataclass(frozen=True)
class Transport:
    """Of the requests and connections of the visits due in the window; first attempts alone.

    `phases` in their order, `services` the slowest first, `forgiven` the most frequent first. `connections` is None,
    and the lists are empty, where nothing was recorded: an older run, or one without an answer.
    """

    negotiated: Spoken | None
    requests: int
    protocols: list[ProtocolShare]
    connections: Connections | None
    phases: list[StepTimes]
    services: list[ServiceTimes]
    forgiven: list[Forgiven]
