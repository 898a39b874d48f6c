"""From what runs show to a deployment: each value with its interval and its reason, and what nobody can tell apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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

# the embedded ENT's own, looked at in every run
BUSY, POOL, QUEUE = "entsandbox_workers_busy", "entsandbox_pool_busy", "entsandbox_queue"
STOOD = 0.5  # of the readings while pages waited: a gauge that is seldom at its highest is not at its end
FULL_READINGS = 5  # so many readings at the highest value: as many as there are
MOST_REFUSED = 0.02  # of pages and sign-ons: a run that refuses more is not idle
MOST_QUEUED = 0.1  # of the readings of its queue


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
    refused: int = 0
    """How many pages failed at once: of a full queue, as far as can be told."""
    places: Places | None = None
    pool: int | None = None
    database_share: float | None = None
    measured: bool = False
    """Whether the number of workers stands in the target's own series."""


def estimate(runs: list[Observed]) -> Parts:
    """What the runs tell, by itself. Raises InconclusiveMeasurement where too few pages were served to say anything."""
    idle = _idlest(runs)
    times = service_times(idle.pages)
    if times is None:
        raise InconclusiveMeasurement(
            said("{name}: too few pages to tell service times: at least {fewest}", name=idle.name, fewest=FEWEST),
            hint="a longer run in which hardly anybody waits",
        )
    between = ceiling.workers(runs, times)
    number = round(between.value) if between else ceiling.busiest(runs, times)
    waiting = [_waiting(each, times) for each in runs]
    gauge = _plateau(runs, waiting, BUSY)
    if gauge is not None:
        number, between = gauge, None
    full = sum(ceiling.refusals(each, times) for each in runs)
    room, most = ceiling.queue(runs, times, number)
    return Parts(
        times, max(1, number), between, queue=round(room.value) if room and full >= ceiling.SOME_FAILURES else None,
        queue_between=room, most_waiting=most, refused=full, places=sessions.places(runs),
        pool=_plateau(runs, waiting, POOL, under=number), database_share=_share(idle), measured=gauge is not None,
    )  # fmt: skip


def _idlest(runs: list[Observed]) -> Observed:
    """The run that tells service times. Raises InconclusiveMeasurement where pages waited even in this one.

    Their waits would be taken for work.
    """
    idle = min(runs, key=lambda each: each.idleness)
    queued = [value > 0 for _, value in idle.readings.get(QUEUE, ())]
    hint = "add a run in which hardly anybody waits"
    if idle.refused_share > MOST_REFUSED:
        raise InconclusiveMeasurement(
            said("{name}: the least loaded run, and {percent} % of its pages were refused or failed",
                 name=idle.name, percent=round(100 * idle.refused_share)), hint=hint,
        )  # fmt: skip
    if queued and sum(queued) > MOST_QUEUED * len(queued):
        raise InconclusiveMeasurement(
            said("{name}: the least loaded run, and pages were waiting in {percent} % of the target's own readings",
                 name=idle.name, percent=round(100 * sum(queued) / len(queued))), hint=hint,
        )  # fmt: skip
    return idle


def _waiting(run: Observed, times: ServiceTimes) -> Any:
    """By second of the run whether pages waited: by the target's own queue, or by what they took."""
    found = ceiling.flow(run, times).ratio > ceiling.WAITING[-1]
    for second, value in run.readings.get(QUEUE, ()):
        if value > 0 and 0 <= int(second) < len(found):
            found[int(second)] = True
    return found


def _plateau(runs: list[Observed], waiting: Sequence[Any], series: str, under: int | None = None) -> int | None:
    """The highest reading of a gauge, where it stood there while pages waited: there are no more.

    None where it was never all in use: the highest of readings that nobody waited at says nothing.
    """
    readings = [
        value
        for run, waits in zip(runs, waiting, strict=True)
        for second, value in run.readings.get(series, ())
        if 0 <= int(second) < len(waits) and waits[int(second)]
    ]
    most = max(readings, default=0.0)
    stood = readings.count(most)
    if most < 1 or stood < FULL_READINGS or stood < STOOD * len(readings) or (under is not None and most >= under):
        return None
    return round(most)


def _share(idle: Observed) -> float | None:
    """Of worker's time the share with a connection, from the target's own series in the idlest run.

    Where pages wait for a connection, their workers are busy without one, and the share would come out too small.
    """
    busy, pool = (sum(value for _, value in idle.readings.get(name, ())) for name in (BUSY, POOL))
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

    def add(
        key: str, value: float | str, between: Estimate | None, code: str, *, seen: bool = False, **of: float
    ) -> None:
        low, high = (between.low, between.high) if between else (None, None)
        found.append(Fitted(key, value, low, high, Statement(f"fit.{code}", of), seen=seen))

    add("pages.seconds", _short(times.seconds.value), times.seconds, "idle", n=times.seconds.pages)
    for name, each in sorted(times.of_service.items()):
        add(f"pages.service.{name}.seconds", _short(each.value), each, "idle", n=each.pages)
    spread = times.spread
    between = Estimate(0, spread.low, spread.high) if spread.low is not None and spread.high is not None else None
    add("pages.spread", spread.text, between, "spread")
    if times.landed:
        add("pages.around_seconds", _short(times.around.value), times.around, "landed")
    add("sign_on.seconds", _short(times.sign_on.value), times.sign_on, "door", seen=True)
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
        add("nodes.queue", parts.queue, parts.queue_between, "longest", seen=True)
    if parts.places is not None:
        add("sessions.limit", round(parts.places.limit.value), parts.places.limit, "refused", seen=True)
        low, high = min(parts.places.silences), max(parts.places.silences)
        add("sessions.idle_minutes", parts.places.idle_minutes, Estimate(0, low, high), "silence", seen=True)
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
        add("queue-refused" if parts.refused else "queue", n=parts.refused or parts.most_waiting)
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
