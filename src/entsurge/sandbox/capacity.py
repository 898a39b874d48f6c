"""How many pages and visits a sandbox can take, by computation: the truth its measurement is held to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.sandbox.measures import CLOSES_PAGE, RESERVES, STATIC_PAGE
from entsurge.sandbox.services import SIGN_ON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a sandbox can hold without a queue that grows.

    `visits_per_second` counts everyone who arrives, admitted or turned away; `pages_per_second` the
    pages served to them, without the sign-on and without pages a measure has closed. `limiting` is
    `workers`, `pool` or `nothing`.
    """

    pages_per_second: float
    visits_per_second: float
    admitted_share: float
    limiting: str


def capacity(
    settings: Settings,
    page_mix: Mapping[str, Mapping[str, float]],
    visit_shares: Mapping[str, float],
    pages_per_visit: float,
    measures: frozenset[str] = frozenset(),
) -> Capacity:
    """The capacity for visits that sign on once and then open so many pages of a mix.

    The mean visit of persona p, of share v, costs sign-on + pages × Σ mix(p, s) × seconds(s) of a
    worker, and the database's part of it of the pool; rate = servers ÷ that cost. Shares need not sum
    to one. Parents' time slots are counted as within the hours closed to them.
    """
    workers = connections = admitted = served = 0.0
    all_visits = math.fsum(visit_shares.values())
    for persona, share in visit_shares.items():
        if any(persona in RESERVES[name] for name in measures & RESERVES.keys()):
            continue
        visits = share / all_visits
        costs = _pages(settings, page_mix[persona], measures)
        admitted += visits
        workers += visits * (settings.seconds(SIGN_ON) + pages_per_visit * costs.workers)
        connections += visits * pages_per_visit * costs.connections
        served += visits * pages_per_visit * costs.served
    rate, limiting = _tightest(settings, workers, connections)
    return Capacity(rate * served if served else 0.0, rate, admitted, limiting)


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the mean page of a persona costs, in seconds, and the share that is served at all."""

    workers: float
    connections: float
    served: float


def _pages(settings: Settings, mix: Mapping[str, float], measures: frozenset[str]) -> _Costs:
    closed = {CLOSES_PAGE[name] for name in measures & CLOSES_PAGE.keys()}
    free = closed | {STATIC_PAGE[name] for name in measures & STATIC_PAGE.keys()}
    total = math.fsum(mix.values())
    paid = {service: share / total for service, share in mix.items() if service not in free}
    return _Costs(
        workers=math.fsum(share * settings.seconds(service) for service, share in paid.items()),
        connections=math.fsum(share * settings.database_seconds(service) for service, share in paid.items()),
        served=math.fsum(share / total for service, share in mix.items() if service not in closed),
    )


def _tightest(settings: Settings, workers: float, connections: float) -> tuple[float, str]:
    if settings.unlimited:
        return math.inf, "nothing"
    bounds = [
        (servers / cost, name)
        for servers, cost, name in (
            (settings.workers, workers, "workers"),
            (settings.pool, connections, "pool"),
        )
        if cost
    ]
    return min(bounds, default=(math.inf, "nothing"))
