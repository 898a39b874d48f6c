"""Where the time of requests went, over which protocols, and how many connections and handshakes a visit took."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

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


def transport(run: Run) -> dict[str, Any]:
    """Of the requests and connections of the visits due in the window; first attempts alone.

    `phases` are those that occurred, in their order: `count`, p50, p95 and mean of those that had it, and its share of
    all requests' time. `services` have the mean time of a request and how it is divided (None of what did not occur),
    the slowest first.
    `connections` is None, and the lists are empty, where nothing was recorded: an older run, or one without an answer.
    `negotiated` is what the run's first question was answered over; None of an older run. `forgiven` are the answers
    that browsers take and HTTP's rules do not, by what a strict reader has against them, the most frequent first.
    """
    sums = _Sums()
    for group, times in run.tally.each(kind=KIND, phase=str(run.window["name"])):
        sums.add(group, times)
    requests = sum(sums.answered.values())
    return {
        "negotiated": run.manifest["target"].get("connection"),
        "requests": requests,
        "protocols": [
            {"protocol": name, "requests": count, "share": count / requests}
            for name, count in sorted(sums.answered.items())
            if count
        ],
        "connections": _connections(run, sums) if requests or sums.steps else None,
        "phases": _phases(sums),
        "services": _services(sums),
        "forgiven": _forgiven(run),
    }


def _forgiven(run: Run) -> list[dict[str, Any]]:
    found: Counter[str] = Counter()
    for group, times in run.tally.each(kind=FORGIVEN, phase=str(run.window["name"])):
        found[group.page] += times.total
    return [{"reason": reason, "answers": count} for reason, count in found.most_common() if count]


def _phases(sums: _Sums) -> list[dict[str, Any]]:
    whole = sum(sum(of.values()) for of in sums.seconds.values())
    found = []
    for name in STEPS:
        times = Times(sums.steps[name])
        if times.total:
            p50, p95 = times.quantiles_seconds([50, 95])
            mean, share = times.sum_seconds / times.total, times.sum_seconds / whole
            found.append(
                {"phase": name, "count": times.total, "p50_s": p50, "p95_s": p95, "mean_s": mean, "share": share}
            )
    return found


def _services(sums: _Sums) -> list[dict[str, Any]]:
    found = []
    for service, counts in sums.waits.items():
        of, times = sums.seconds[service], Times(counts)
        whole = sum(of.values())
        parts = {"connecting": sum(of[name] for name in MAKING)}
        parts |= {name: of[name] for name in ("queue", "wait", "transfer")}
        found.append({
            "service": service,
            "requests": times.total,
            "mean_s": whole / times.total,
            "wait_p95_s": times.quantile_seconds(95),
            **{f"{name}_share": seconds / whole if seconds else None for name, seconds in parts.items()},
        })  # fmt: skip
    return sorted(found, key=lambda each: -float(each["mean_s"]))


def _connections(run: Run, sums: _Sums) -> dict[str, Any]:
    """Connections made, and TLS handshakes, in all and for each visit that was started; WebSockets' among them."""
    made, full, resumed = (int(sums.steps[name].sum()) for name in ("connect", "tls-full", "tls-resumed"))
    stays = run.window_stays
    visits = int((~stays.among("end", NEVER_CAME)).sum())
    counts = {"made": made, "full": full, "resumed": resumed}
    each = {f"{name}_per_visit": count / visits if visits else None for name, count in counts.items()}
    live = run.tally.each(kind="request", phase=str(run.window["name"]))
    sockets = sum(times.total for group, times in live if (group.page, group.outcome) == (SOCKET, "ok"))
    return {"visits": visits, **counts, **each, "sockets": int(sockets)}
