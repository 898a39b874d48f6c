"""What a plan would offer, in figures: the week's peak, the window, each persona, the hours over a limit."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from entsurge.audience.shape import DAYS
from entsurge.plan.devices import by_device
from entsurge.plan.people import presence
from entsurge.plan.rates import HOURS, MINUTES, rate, visits_per_second

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.audience.shape import Shape
    from entsurge.plan.arrivals import Arrivals


NAMES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")
LOAD_FIELDS = ("visits_per_second", "pages_per_second", "requests_per_second", "concurrency")
STEP_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives per second, and how many visitors are there at once (Little: visits/s × visit time)."""

    visits_per_second: float
    pages_per_second: float
    requests_per_second: float
    concurrency: float


@dataclass(frozen=True)
class Hour:
    """One hour of the week, hourly mean."""

    day: str
    hour: int
    total: Load
    personas: dict[str, Load]


@dataclass(frozen=True)
class Summary:
    """A plan in figures; everything a review of the plan needs, nothing is sent."""

    profile: str
    week: dict[str, float]
    published: dict[str, dict[str, float | None]]
    window: dict[str, Any]
    peak: Hour
    hours: list[Hour]
    other_shape: dict[str, Any]
    busiest: dict[str, Any]
    over_limit: list[Hour] = field(default_factory=list)
    devices: dict[str, dict[str, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The summary as plain data."""
        return asdict(self)


def load(profile: Profile, each: Mapping[str, Fraction], speed: Fraction = Fraction(1)) -> Load:
    """The load that so many visits per second of each persona make, at the profile's pages and minutes per visit.

    `speed` (compression) multiplies rates and leaves concurrency as it is: visits come faster and stay shorter.
    """
    visits = sum(each.values(), Fraction(0))
    requests = sum((count * profile.requests_per_page(persona) for persona, count in each.items()), Fraction(0))
    return Load(
        visits_per_second=float(visits * speed),
        pages_per_second=float(visits * profile.week.pages_per_visit * speed),
        requests_per_second=float(requests * profile.week.pages_per_visit * speed),
        concurrency=float(visits * profile.week.minutes_per_visit * 60),
    )


def hours(profile: Profile, shape: Shape | None = None) -> list[Hour]:
    """The 168 hours of the week at full scale, Monday 00 h first."""
    rates = visits_per_second(profile, shape, present=presence(profile))
    result = []
    for index in range(HOURS):
        each = {persona: rates[persona][index] for persona in profile.personas}
        of_each = {name: load(profile, {name: value}) for name, value in each.items()}
        result.append(Hour(DAYS[index // 24], index % 24, load(profile, each), of_each))
    return result


def peak(week: list[Hour]) -> Hour:
    """The hour with the most visits."""
    return max(week, key=lambda hour: hour.total.visits_per_second)


@dataclass(frozen=True, slots=True)
class Moment:
    """Some minutes of the week and what arrives per second in them, by persona and in all.

    The day's own seconds, or seconds of run time where the moment is one of a run.
    """

    begin_minute: int
    minutes: int
    personas: dict[str, Load]
    total: Load

    @property
    def when(self) -> dict[str, Any]:
        """`day`, `from` as a clock shows it, `minutes`."""
        hour, minute = divmod(self.begin_minute % 1440, 60)
        return {
            "day": DAYS[self.begin_minute // 1440],
            "from": f"{hour:02d}:{minute:02d}",
            "minutes": self.minutes,
        }


def busiest(profile: Profile, step_minutes: int = STEP_MINUTES) -> dict[str, Any]:
    """The week's ten minutes with the most visits, bell and rushes included, at full scale: when, and visits/s."""
    top = busiest_moment(profile, minutes=step_minutes)
    return top.when | {"visits_per_second": top.total.visits_per_second}


def busiest_moment(profile: Profile, *, day: str = "", minutes: int = STEP_MINUTES) -> Moment:
    """So many minutes of the week (or of one day of it) with the most visits: full scale, the day's own time."""
    begin = DAYS.index(day) * 1440 if day else 0
    end = begin + 1440 if day else MINUTES
    return _moment(profile, Fraction(1), range(begin, end - minutes + 1, minutes), minutes)


def busiest_of_run(profile: Profile, least_seconds: int = 60) -> Moment:
    """The busiest stretch of window and warm-up as they will be replayed: at the profile's scale, a second of run time.

    A stretch is ten minutes of the day, or what makes `least_seconds` of run time if that is more; the whole window if
    that is shorter, or if its mean rate is held.
    """
    window, replay = profile.file.window, profile.file.replay
    begin, end = window.begin_minute, window.end_minute
    stretch = max(STEP_MINUTES, ceil(least_seconds * replay.compression / 60))
    length = end - begin if replay.steady_minutes else min(end - begin, stretch)
    first = begin if replay.steady_minutes else max(0, begin - replay.warm_up_minutes)
    starts = range(first, end - length + 1)
    return _moment(profile, replay.scale, starts, length, speed=replay.compression)


def _moment(
    profile: Profile, share: Fraction, starts: Sequence[int], minutes: int, speed: Fraction = Fraction(1)
) -> Moment:
    """The stretch with the most visits among those that begin so; its rates `speed` times faster than the day's."""
    present = presence(profile)
    rates = {persona: rate(profile, persona, share=share, present=present) for persona in profile.personas}

    def visits(persona: str, begin: int) -> Fraction:
        return rates[persona].until(begin + minutes) - rates[persona].until(begin)

    begin = max(starts, key=lambda start: sum(visits(persona, start) for persona in profile.personas))
    each = {persona: visits(persona, begin) / (60 * minutes) for persona in profile.personas}
    return Moment(
        begin_minute=begin,
        minutes=minutes,
        personas={persona: load(profile, {persona: count}, speed) for persona, count in each.items()},
        total=load(profile, each, speed),
    )


def window_load(
    profile: Profile, shape: Shape | None = None, *, present: Sequence[Fraction] | None = None
) -> dict[str, Any]:
    """The window as it will be replayed: per persona in run time, at the profile's scale and compression.

    `present` is who comes on each day of the week, where they are not the profile's own people.
    """
    window, replay = profile.file.window, profile.file.replay
    there = presence(profile) if present is None else present
    seconds = (profile.end_minute - profile.begin_minute) * 60
    longer = Fraction(seconds, (window.end_minute - window.begin_minute) * 60)  # a steady rate is the window's mean
    visits = {
        persona: longer * _between(profile, persona, window.begin_minute, window.end_minute, shape, there)
        for persona in profile.personas
    }
    speed = replay.compression

    def compressed(counts: Mapping[str, Fraction]) -> dict[str, float]:
        return asdict(load(profile, {persona: count / seconds for persona, count in counts.items()}, speed))

    total = sum(visits.values(), Fraction(0))
    return {
        "day": window.day,
        "from": window.begin,
        "to": window.end,
        "scale": str(replay.scale),
        "compression": str(speed),
        "run_seconds": float(seconds / speed),
        "warm_up_seconds": float(replay.warm_up_minutes * 60 / speed),
        "visits": float(total),
        "page_views": float(total * profile.week.pages_per_visit),
        "personas": {persona: compressed({persona: count}) for persona, count in visits.items()},
        "total": compressed(visits),
    }


def _between(
    profile: Profile, persona: str, begin: int, end: int, shape: Shape | None, present: Sequence[Fraction]
) -> Fraction:
    of_persona = rate(profile, persona, share=profile.file.replay.scale, present=present, shape=shape)
    return of_persona.until(end) - of_persona.until(begin)


def summarise(profile: Profile, *, other: tuple[str, Shape] | None = None, limit: float | None = None) -> Summary:
    """The plan in figures. `other` is a second shape to compare with; `limit` is in visits per second, full scale."""
    week = hours(profile)
    return Summary(
        profile=profile.name,
        week={name: float(profile.week.figure(name)) for name in NAMES},
        published=published(profile),
        window=window_load(profile),
        peak=peak(week),
        hours=week,
        busiest=busiest(profile),
        other_shape=_other(profile, *other) if other else {},
        over_limit=[hour for hour in week if limit is not None and hour.total.visits_per_second > limit],
        devices={
            persona: {device: float(share) for device, share in shares.items()}
            for persona in profile.personas
            if (shares := profile.device_shares(persona))
        },
    )


def published(profile: Profile) -> dict[str, dict[str, float | None]]:
    """The four figures as published: value and change in percent, null where nothing was published."""
    figures = profile.file.figures
    result: dict[str, dict[str, float | None]] = {}
    for name in NAMES:
        value, change = figures.absolute(name), figures.change(name)
        result[name] = {
            "value": float(value.value) if value else None,
            "change_percent": float(change.value) if change else None,
        }
    return result


def _other(profile: Profile, name: str, shape: Shape) -> dict[str, Any]:
    top, window = peak(hours(profile, shape)), window_load(profile, shape)
    return {
        "shape": name,
        "peak": asdict(top),
        "window_visits_per_second": window["total"]["visits_per_second"],
        "window_visits": window["visits"],
    }


def planned(arrivals: Arrivals) -> dict[str, Any]:
    """The visits of the window, counted: per persona visits, page views and pages per service; and the four figures."""
    personas: dict[str, Any] = {
        name: {"visits": 0, "page_views": 0, "services": {}} for name in arrivals.profile.personas
    }
    devices: dict[str, Counter[str]] = {name: Counter() for name in personas}
    gap_us = 0
    for visit in arrivals.window():
        of = personas[visit.persona]
        devices[visit.persona][visit.device] += 1
        of["visits"] += 1
        of["page_views"] += len(visit.pages)
        for page in visit.pages:
            of["services"][page.service] = of["services"].get(page.service, 0) + 1
            gap_us += page.gap_us
    for name, of in personas.items():
        of.update(by_device(devices[name]))
    visits = sum(of["visits"] for of in personas.values())
    views = sum(of["page_views"] for of in personas.values())
    minutes = gap_us * float(arrivals.profile.file.replay.compression) / 60e6
    window = {
        "visits": visits,
        "page_views": views,
        "minutes_per_visit": minutes / visits if visits else 0.0,
        "pages_per_visit": views / visits if visits else 0.0,
    }
    return {"personas": personas, "window": window}
