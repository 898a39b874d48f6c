"""What if? The week's demand under a surge, hour by hour, against a capacity with its interval.

Everything is a multiple of the profile's own window, the unit in which the capacity was found: demand and capacity
then compare at any scale and compression. An hour's demand is that of its busiest stretch as long as the window, since
that is what the window is: where no bell rings and nobody rushes, the hour's mean. Demand is in pages per second.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.analysis.capacity.carried import multiplied
from entsurge.audience import profile as profiles
from entsurge.audience.figure import Figure
from entsurge.audience.shape import DAYS
from entsurge.audience.week import Figures, resolve, split
from entsurge.errors import UsageError
from entsurge.findings.capacity import Answer, Interval, Surge
from entsurge.plan.people import presence
from entsurge.plan.rates import HOURS, rate, visits_per_second

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.audience.week import Week

BELL_SHARE, BELL_MINUTES = Fraction(2, 5), 10
SCHOOL_HOURS, SCHOOL_DAYS = range(8, 18), range(5)
EVENING = range(17, 21)
SURGES = tuple(Fraction(tenths, 10) for tenths in (10, 15, 20, 25, 30, 35, 40, 45, 50))
PUBLISHED_LOCKDOWN = {"visits_percent": 43, "page_views_percent": 147, "minutes_per_visit_percent": 120}


def answers(
    profile: Profile, capacity: Interval, *, nodes: int | None = None, schools: int | None = None,
    more_schools: int = 2,
) -> list[Answer]:  # fmt: skip
    """The cases that a review asks about, the plan as it is first. Raises UsageError for impossible ones.

    `schools` is how many the figures stand for, `nodes` how many the target has; the cases of what is not said are
    left out: the synthetic population has fewer schools than the figures, and no run tells of nodes.
    """
    if nodes is not None and nodes < 2:
        raise UsageError(
            f"--nodes {nodes}: one node fewer leaves nothing", hint="how many nodes the target has, 2 or more"
        )
    base = (profile.baseline or profile).week
    times = _stretches(profile)
    plain = _hours(profile, times)
    surge = split(Figure(Decimal(150)), base)
    lockdown = resolve(Figures(**{name: Figure(Decimal(value)) for name, value in PUBLISHED_LOCKDOWN.items()}), base)
    found: list[tuple[str, dict[str, float], list[Fraction], Interval]] = [
        ("as-planned", {}, plain, capacity),
        ("page-views-150", {"percent": 150.0}, _hours(_with(profile, surge), times), capacity),
        ("published-lockdown", {}, _hours(_with(profile, lockdown), times, shape="lockdown"), capacity),
    ]
    if schools is not None:
        bigger = [each * Fraction(schools + more_schools, schools) for each in plain]
        found.append(("more-schools", {"schools": float(more_schools), "of": float(schools)}, bigger, capacity))
    if nodes is not None:
        found.append(("one-node-fewer", {"nodes": float(nodes)}, plain, multiplied(capacity, (nodes - 1) / nodes)))
    found += [
        ("parents-in-the-evening", {}, _hours(profile, times, parents_later=True), capacity),
        ("bell", {"minutes": float(BELL_MINUTES)}, _bell(_means(profile)), capacity),
    ]
    return [_answer(profile, *each) for each in found]


def surges(profile: Profile, capacity: Interval) -> list[Surge]:
    """Page views ×1 … ×5 of the baseline week, divided into visits, pages and minutes as the published week did."""
    base = (profile.baseline or profile).week
    rows, times = [], _stretches(profile)
    for factor in SURGES:
        week = split(Figure(Decimal(float((factor - 1) * 100)).quantize(Decimal(1))), base)
        answer = _answer(profile, "surge", {"factor": float(factor)}, _hours(_with(profile, week), times), capacity)
        rows.append(Surge(float(factor), answer))
    return rows


def _with(profile: Profile, week: Week) -> Profile:
    return replace(profile, week=week)


def _hours(
    profile: Profile, times: list[Fraction], *, shape: str | None = None, parents_later: bool = False
) -> list[Fraction]:
    """Pages per second of each hour's busiest stretch, so many times its mean, at full scale."""
    means = _means(profile, shape=shape, parents_later=parents_later)
    return [mean * most for mean, most in zip(means, times, strict=True)]


def _means(profile: Profile, *, shape: str | None = None, parents_later: bool = False) -> list[Fraction]:
    """Pages per second of each hour of the week on average, at full scale."""
    rates = visits_per_second(profile, profiles.load_shape(shape) if shape else None, present=presence(profile))
    if parents_later:
        rates["parent"] = _moved(rates["parent"])
    pages = profile.week.pages_per_visit
    return [sum((rates[persona][hour] for persona in rates), Fraction(0)) * pages for hour in range(HOURS)]


def _stretches(profile: Profile) -> list[Fraction]:
    """How many times its mean each hour's busiest stretch as long as the window has: 1 where the hour is even."""
    window = profile.file.window
    minutes = min(60, window.end_minute - window.begin_minute)
    if minutes == 60 or not (profile.bell or profile.happenings):
        return [Fraction(1)] * HOURS
    rates = [rate(profile, persona) for persona in profile.personas]

    found = []
    for hour in range(HOURS):
        if not _uneven(profile, hour):
            found.append(Fraction(1))
            continue
        until = [sum((each.until(60 * hour + at) for each in rates), Fraction(0)) for at in range(61)]
        most = max(until[at + minutes] - until[at] for at in range(61 - minutes))
        whole = until[60] - until[0]
        found.append(most * 60 / minutes / whole if whole else Fraction(1))
    return found


def _moved(rates: list[Fraction]) -> list[Fraction]:
    """Everything of a day between 17:00 and 21:00, in the proportions that those hours have."""
    result = [Fraction(0)] * HOURS
    for day in range(7):
        total = sum(rates[24 * day : 24 * day + 24], Fraction(0))
        evening = [rates[24 * day + hour] for hour in EVENING]
        weight = sum(evening, Fraction(0))
        for hour, share in zip(EVENING, evening, strict=True):
            result[24 * day + hour] = total * (share / weight if weight else Fraction(1, len(EVENING)))
    return result


def _bell(rates: list[Fraction]) -> list[Fraction]:
    """The first ten minutes of a school hour bring 40 % of its arrivals."""
    harder = BELL_SHARE * 60 / BELL_MINUTES
    return [
        rate * harder if hour // 24 in SCHOOL_DAYS and hour % 24 in SCHOOL_HOURS else rate
        for hour, rate in enumerate(rates)
    ]


def _uneven(profile: Profile, hour: int) -> bool:
    """Whether a bell rings, or people rush, in this hour of the week."""
    rings = profile.bell is not None and profile.bell.rings(hour)
    rushes = ((each.begin_minute, each.begin_minute + each.occasion.minutes) for each in profile.happenings)
    return rings or any(begin < 60 * (hour + 1) and end > 60 * hour for begin, end in rushes)


def window_pages(profile: Profile) -> float:
    """Pages per second of the profile's window at full scale, in its own time: what a multiple of 1 means."""
    window, present = profile.file.window, presence(profile)
    begin, end = window.begin_minute, window.end_minute
    rates = [rate(profile, persona, present=present) for persona in profile.personas]
    visits = sum((each.until(end) - each.until(begin) for each in rates), Fraction(0))
    return float(visits * profile.week.pages_per_visit / (60 * (end - begin)))


def _answer(profile: Profile, case: str, detail: dict[str, float], rates: list[Fraction], capacity: Interval) -> Answer:
    unit = window_pages(profile)
    hours = tuple(float(rate) / unit for rate in rates)
    top = max(range(HOURS), key=lambda hour: hours[hour])
    peak = hours[top]
    growth = Interval(peak / capacity.value, peak / capacity.high, peak / capacity.low if capacity.low else math.inf)
    return Answer(
        case=case, detail=detail, hours=hours, peak_hour=f"{DAYS[top // 24]} {top % 24:02d}", peak=peak,
        peak_pages=peak * unit,
        over=(_over(hours, capacity.high), _over(hours, capacity.value), _over(hours, capacity.low)),
        growth=growth, capacity=capacity, suffices=_suffices(growth),
    )  # fmt: skip


def _suffices(growth: Interval) -> bool | None:
    """Whether a capacity that would have to grow so much suffices: None where its interval contains the demand."""
    if growth.high <= 1:
        return True
    return False if growth.low > 1 else None


def _over(hours: tuple[float, ...], limit: float) -> int:
    return sum(hour > limit for hour in hours)
