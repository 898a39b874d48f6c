"""How many pages and visits a sandbox can take, by computation: the truth its measurement is held to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsandbox.measures import CLOSES_PAGE, RESERVED_PLACES, STATIC_PAGE, Measures
from entsandbox.services import SIGN_ON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsandbox.settings import Settings

MORNING = 10.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a sandbox can hold without a queue that grows, a waiting room or an account held back.

    `visits_per_second` counts everyone who arrives, admitted or turned away; `pages_per_second` the pages served to
    them, without the sign-on and without pages a measure has closed. `bounds` is what each limit would allow, in
    visits per second; `limiting` is the least of them: `workers`, `pool`, `sessions`, `allowance`, `waiting-room`
    or `nothing`. `heaviest` is the service that takes most of the workers' time, and `heaviest_share` how much of it.
    """

    pages_per_second: float
    visits_per_second: float
    admitted_share: float
    limiting: str
    bounds: Mapping[str, float] = field(default_factory=dict)
    heaviest: str = SIGN_ON
    heaviest_share: float = 0.0


def capacity(
    settings: Settings,
    page_mix: Mapping[str, Mapping[str, float]],
    visit_shares: Mapping[str, float],
    pages_per_visit: float,
    measures: frozenset[str] = frozenset(),
    *,
    visit_seconds: float | None = None,
    hour: float = MORNING,
) -> Capacity:
    """The capacity for visits that sign on once and then open so many pages of a mix, with measures at their defaults.

    The mean visit of persona p, of share v, costs sign-on + pages × Σ mix(p, s) × seconds(s) of a worker, and the
    database's part of it of the pool; rate = servers ÷ that cost, whatever the distribution of page times around
    their mean. A sign-on lives from its visit's start to the last page and the idle time after it (Little: places ÷
    life); without `visit_seconds` (of the run, compressed) places are not counted. Every visit passes the waiting
    room once, admitted or not; who is asked to come again is another. Shares need not sum to one. A
    page that is refused in writing alone counts as read.
    """
    ordered = _ordered(settings, measures)
    all_visits = math.fsum(visit_shares.values())
    admitted = {
        persona: share / all_visits
        for persona, share in visit_shares.items()
        if ordered.refusal(persona, hour=hour) is None
    }
    spent: dict[str, float] = {SIGN_ON: settings.seconds(SIGN_ON) * math.fsum(admitted.values())}
    connections = served = 0.0
    for persona, visits in admitted.items():
        costs = _pages(settings, page_mix[persona], measures)
        for service, seconds in costs.workers.items():
            spent[service] = spent.get(service, 0.0) + visits * pages_per_visit * seconds
        connections += visits * pages_per_visit * costs.connections
        served += visits * pages_per_visit * costs.served
    bounds = {
        "workers": _ratio(settings.processes * settings.workers, math.fsum(spent.values())),
        "pool": _ratio(settings.processes * settings.pool, connections),
        "sessions": places(settings, ordered, admitted, pages_per_visit, visit_seconds),
        "allowance": _allowance(settings, admitted, pages_per_visit),
        "waiting-room": settings.processes * (ordered.newcomers_per_second() or math.inf),
    }
    if settings.unlimited:
        bounds |= dict.fromkeys(("workers", "pool", "sessions"), math.inf)
    limiting = min(bounds, key=bounds.__getitem__)
    rate = bounds[limiting]
    heaviest = max(spent, key=spent.__getitem__)
    return Capacity(
        pages_per_second=rate * served if served else 0.0,
        visits_per_second=rate,
        admitted_share=math.fsum(admitted.values()),
        limiting=limiting if rate < math.inf else "nothing",
        bounds=bounds,
        heaviest=heaviest,
        heaviest_share=spent[heaviest] / total if (total := math.fsum(spent.values())) else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the mean page of a persona costs, in seconds (of workers by service), and the share that is served."""

    workers: Mapping[str, float]
    connections: float
    served: float


def _pages(settings: Settings, mix: Mapping[str, float], measures: frozenset[str]) -> _Costs:
    closed = {CLOSES_PAGE[name] for name in measures & CLOSES_PAGE.keys()}
    free = closed | {STATIC_PAGE[name] for name in measures & STATIC_PAGE.keys()}
    total = math.fsum(mix.values())
    paid = {service: share / total for service, share in mix.items() if service not in free}
    return _Costs(
        workers={service: share * settings.seconds(service) for service, share in paid.items()},
        connections=math.fsum(share * settings.database_seconds(service) for service, share in paid.items()),
        served=math.fsum(share / total for service, share in mix.items() if service not in closed),
    )


def _ordered(settings: Settings, measures: frozenset[str]) -> Measures:
    ordered = Measures(settings)
    for name in measures:
        ordered.put(name)
    return ordered


def _ratio(servers: float, cost: float) -> float:
    return servers / cost if cost else math.inf


def places(
    settings: Settings,
    ordered: Measures,
    admitted: Mapping[str, float],
    pages_per_visit: float,
    visit_seconds: float | None,
) -> float:
    """The visits per second at which places run out for somebody.

    r visits a second keep r·v·life places of a persona's: Σ max(0, r·v·life − reserved) = places that are nobody's.
    The sum is piecewise linear in r, so it is solved from one corner to the next.
    """
    if visit_seconds is None:
        return math.inf
    life = visit_seconds * (pages_per_visit - 1) / pages_per_visit + ordered.idle_seconds()
    shares: Mapping[str, float] = ordered.options(RESERVED_PLACES).get("shares", {})
    limit = settings.session_limit
    left, slope = limit * (1.0 - math.fsum(shares.values())), 0.0
    rate = 0.0
    for corner, growth in sorted(
        (shares.get(name, 0.0) * limit / (v * life), v * life) for name, v in admitted.items()
    ):
        if slope and left <= (corner - rate) * slope:
            break
        left -= (corner - rate) * slope
        rate, slope = corner, slope + growth
    return rate + left / slope if slope else math.inf


def _allowance(settings: Settings, admitted: Mapping[str, float], pages_per_visit: float) -> float:
    """The visits per second at which the accounts of some persona, all together, have spent their allowance."""
    if settings.allowance_per_minute is None:
        return math.inf
    people = settings.population
    per_account = settings.allowance_per_minute / 60.0
    return min(
        (
            people.count(persona) * per_account / (visits * (pages_per_visit + 1))
            for persona, visits in admitted.items()
            if visits
        ),
        default=math.inf,
    )
