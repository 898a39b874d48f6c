"""Where the time of requests went, over which protocols, and how many connections and handshakes a visit took."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from entsurge.findings.transport import Connections, Forgiven, ProtocolShare, ServiceTimes, Spoken, StepTimes, Transport
from entsurge.record.histogram import BUCKETS
from entsurge.record.reading.hdr import Times
from entsurge.record.reading.tally import SOCKET
from entsurge.record.transport import FORGIVEN, KIND, STEPS, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run
    from entsurge.record.reading.tally import Group

MAKING = ("name", "connect", "tls-full", "tls-resumed")
NEVER_CAME = {"not-started", "worker-lost"}
Counts = dict[str, "NDArray[np.int64]"]


def _none() -> NDArray[np.int64]:
    return np.zeros(BUCKETS, np.int64)


@dataclass
class _Sums:
    """What a window's histograms come to."""

    steps: Counts = field(default_factory=lambda: defaultdict(_none))
    waits: Counts = field(default_factory=lambda: defaultdict(_none))  # by service, as the seconds of each step
    seconds: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    answered: Counter[str] = field(default_factory=Counter)  # by protocol

    def add(self, group: Group, times: Times) -> None:
        """One histogram: times of requests served, and of every connection."""
        if not times.total:
            return
        step = Step.of(group.page)
        if step.name == "wait":
            self.answered[step.protocol] += times.total
        if group.outcome != "ok":
            return
        self.steps[step.name] += times.counts
        self.seconds[group.service][step.name] += times.sum_seconds
        if step.name == "wait":
            self.waits[group.service] += times.counts


def transport(run: Run) -> Transport:
    """Of the requests and connections of the visits due in the window; first attempts alone."""
    sums = _Sums()
    for group, times in run.tally.each(kind=KIND, phase=str(run.window["name"])):
        sums.add(group, times)
    requests = sum(sums.answered.values())
    return Transport(
        _spoken(run),
        requests,
        [ProtocolShare(name, count, count / requests) for name, count in sorted(sums.answered.items()) if count],
        _connections(run, sums) if requests or sums.steps else None,
        _phases(sums),
        _services(sums),
        _forgiven(run),
    )


def _spoken(run: Run) -> Spoken | None:
    """What the run's first question was answered over; None of an older run, and of one that says something else."""
    told = run.manifest["target"].get("connection") or {}
    if not isinstance(told.get("http"), str):
        return None
    tls, cipher = (str(told[name]) if told.get(name) else None for name in ("tls", "cipher"))
    return Spoken(told["http"], tls, cipher, str(told.get("address", "")))


def _forgiven(run: Run) -> list[Forgiven]:
    found: Counter[str] = Counter()
    for group, times in run.tally.each(kind=FORGIVEN, phase=str(run.window["name"])):
        found[group.page] += times.total
    return [Forgiven(reason, count) for reason, count in found.most_common() if count]


def _phases(sums: _Sums) -> list[StepTimes]:
    whole = sum(sum(of.values()) for of in sums.seconds.values())
    found = []
    for name in STEPS:
        times = Times(sums.steps[name])
        if times.total:
            p50, p95 = times.quantiles_seconds([50, 95])
            mean, share = times.sum_seconds / times.total, times.sum_seconds / whole
            found.append(StepTimes(name, times.total, p50, p95, mean, share))
    return found


def _services(sums: _Sums) -> list[ServiceTimes]:
    found = []
    for service, counts in sums.waits.items():
        of, times = sums.seconds[service], Times(counts)
        whole = sum(of.values())

        def share(*names: str, of: dict[str, float] = of, whole: float = whole) -> float | None:
            seconds = sum(of[name] for name in names)
            return seconds / whole if seconds else None

        found.append(
            ServiceTimes(
                service=service, requests=times.total, mean_s=whole / times.total,
                wait_p95_s=times.quantile_seconds(95), connecting_share=share(*MAKING), queue_share=share("queue"),
                wait_share=share("wait"), transfer_share=share("transfer"),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: -each.mean_s)


def _connections(run: Run, sums: _Sums) -> Connections:
    """Connections made, and TLS handshakes, in all and for each visit that was started; WebSockets' among them."""
    made, full, resumed = (int(sums.steps[name].sum()) for name in ("connect", "tls-full", "tls-resumed"))
    stays = run.window_stays
    visits = int((~stays.among("end", NEVER_CAME)).sum())
    each = [count / visits if visits else None for count in (made, full, resumed)]
    live = run.tally.each(kind="request", phase=str(run.window["name"]))
    sockets = sum(times.total for group, times in live if (group.page, group.outcome) == (SOCKET, "ok"))
    return Connections(
        visits=visits, made=made, full=full, resumed=resumed, made_per_visit=each[0], full_per_visit=each[1],
        resumed_per_visit=each[2], sockets=int(sockets),
    )  # fmt: skip
