"""From what runs show to a deployment: each value with its interval and its reason, and what nobody can tell apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from entsurge.errors import InconclusiveMeasurement
from entsurge.findings.fit import Fitted
from entsurge.findings.statement import Statement
from entsurge.said import said
from entsurge.simulation.fit import ceiling, sessions
from entsurge.simulation.fit.service_times import FEWEST, Estimate, ServiceTimes, service_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.simulation.fit.observed import Observed
    from entsurge.simulation.fit.sessions import Places

BUSY, POOL = "entsandbox_workers_busy", "entsandbox_pool_busy"  # the embedded ENT's own, looked at in every run
FULL_READINGS = 5  # so many readings at the highest value: as many as there are


@dataclass(frozen=True)
class Parts:
    """What a deployment is made of, as far as the runs tell; None where they do not."""

    times: ServiceTimes
    workers: int
    workers_between: Estimate | None
    """None: pages hardly ever waited, and `workers` is the most that were seen at work."""
    queue: int | None = None
    queue_between: Estimate | None = None
    most_waiting: int = 0
    places: Places | None = None
    pool: int | None = None
    database_share: float | None = None
    measured: bool = False
    """Whether the number of workers stands in the target's own series."""


def estimate(runs: list[Observed]) -> Parts:
    """What the runs tell, by itself. Raises InconclusiveMeasurement where too few pages were served to say anything."""
    idle = min(runs, key=lambda each: each.rate)
    times = service_times(idle.pages)
    if times is None:
        raise InconclusiveMeasurement(
            said("{name}: too few pages to tell service times: at least {fewest}", name=idle.name, fewest=FEWEST),
            hint="a longer run in which hardly anybody waits",
        )
    between = ceiling.workers(runs, times)
    number = round(between.value) if between else ceiling.busiest(runs, times)
    gauge = _plateau(runs, BUSY)
    if gauge is not None:
        number = gauge
    full = sum(ceiling.refusals(each, times) for each in runs)
    room, most = ceiling.queue(runs, times, number)
    return Parts(
        times, max(1, number), between, queue=round(room.value) if room and full >= ceiling.SOME_FAILURES else None,
        queue_between=room, most_waiting=most, places=sessions.places(runs), pool=_plateau(runs, POOL, under=number),
        database_share=_share(runs), measured=gauge is not None,
    )  # fmt: skip


def _plateau(runs: list[Observed], series: str, under: int | None = None) -> int | None:
    """The highest reading of a gauge, where it stood there: there are no more; None where it was never all in use."""
    readings = [value for run in runs for value in run.gauges.get(series, ())]
    most = max(readings, default=0.0)
    if most < 1 or readings.count(most) < FULL_READINGS or (under is not None and most >= under):
        return None
    return round(most)


def _share(runs: list[Observed]) -> float | None:
    """Of worker's time the share with a connection, from the target's own series while none is waited for."""
    busy, pool = (sum(sum(run.gauges.get(name, ())) for run in runs) for name in (BUSY, POOL))
    return min(1.0, pool / busy) if busy and pool else None


def as_toml(parts: Parts) -> str:
    """The tables of a deployment file."""
    return "\n".join(_lines(_tables(parts)))


def _tables(parts: Parts) -> Mapping[str, Mapping[str, int | float | str]]:
    times = parts.times
    share = {} if parts.database_share is None else {"database_share": round(parts.database_share, 3)}
    nodes: dict[str, int | float | str] = {"workers": parts.workers}
    nodes |= {} if parts.pool is None else {"pool": parts.pool}
    nodes |= {} if parts.queue is None else {"queue": parts.queue}
    own = {f"pages.service.{name}": {"seconds": _short(each.value)} for name, each in sorted(times.of_service.items())}
    usual: dict[str, int | float | str] = {
        "spread": times.spread.text,
        **share,
        "around_seconds": _short(times.around.value),
    }
    door = {} if times.landed else {"lands_on": "none"}
    tables: dict[str, Mapping[str, int | float | str]] = {
        "nodes": nodes,
        "pages": {"seconds": _short(times.seconds.value), **usual},
        **own,
        "sign_on": {"seconds": _short(times.sign_on.value), **usual, **door},
    }
    if parts.places is not None:
        limit = round(parts.places.limit.value)
        tables["sessions"] = {"limit": max(1, limit), "idle_minutes": parts.places.idle_minutes}
    return tables


def _lines(tables: Mapping[str, Mapping[str, int | float | str]]) -> Iterator[str]:
    for table, values in tables.items():
        yield f"[{table}]"
        for key, value in values.items():
            yield f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
        yield ""


def _short(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def fitted(parts: Parts) -> tuple[Fitted, ...]:
    """Every value of the file that the runs tell, with its interval and where it comes from."""
    times, found = parts.times, []
    n = times.pages

    def add(key: str, value: float | str, between: Estimate | None, code: str, **of: float) -> None:
        low, high = (between.low, between.high) if between else (None, None)
        found.append(Fitted(key, value, low, high, Statement(f"fit.{code}", of)))

    add("pages.seconds", _short(times.seconds.value), times.seconds, "idle", n=n)
    for name, each in sorted(times.of_service.items()):
        add(f"pages.service.{name}.seconds", _short(each.value), each, "idle", n=n)
    spread = times.spread
    between = Estimate(0, spread.low, spread.high) if spread.low is not None and spread.high is not None else None
    add("pages.spread", spread.text, between, "spread")
    if times.landed:
        add("pages.around_seconds", _short(times.around.value), times.around, "landed")
    add("sign_on.seconds", _short(times.sign_on.value), times.sign_on, "door")
    workers = parts.workers_between
    if workers is not None:
        workers = replace(workers, low=math.floor(workers.low), high=math.ceil(workers.high))
    code = "gauge" if parts.measured else "ceiling" if workers else "at-least"
    add("nodes.workers", parts.workers, workers, code)
    if parts.pool is not None:
        add("nodes.pool", parts.pool, None, "gauge")
    if parts.database_share is not None:
        add("pages.database_share", round(parts.database_share, 3), None, "gauge-share")
    if parts.queue is not None:
        add("nodes.queue", parts.queue, parts.queue_between, "longest")
    if parts.places is not None:
        add("sessions.limit", round(parts.places.limit.value), parts.places.limit, "refused")
        low, high = min(parts.places.silences), max(parts.places.silences)
        add("sessions.idle_minutes", parts.places.idle_minutes, Estimate(0, low, high), "silence")
    return tuple(found)


def untold(parts: Parts) -> tuple[Statement, ...]:
    """What these runs cannot tell apart, and what was written in its place."""
    times, found = parts.times, []

    def add(code: str, **of: float | str | Sequence[str]) -> None:
        found.append(Statement(f"fit.untold.{code}", of))

    if parts.workers_between is None and not parts.measured:
        add("workers", n=parts.workers)
    add("nodes")
    if parts.database_share is None:
        add("database")
    elif parts.pool is None:
        add("pool")
    if parts.queue is None:
        add("queue", n=parts.most_waiting)
    if parts.places is None:
        add("sessions")
    elif len(parts.places.silences) > 1:
        add("silence", names=[f"{each:g}" for each in parts.places.silences])
    if not times.landed:
        add("around")
    add("door")
    if times.spread.rival:
        add("spread", chosen=times.spread.text, rival=times.spread.rival)
    return tuple(found)
