"""Visits per second of every persona at every hour of the week, as exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.audience.shape import PERSONAS

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.audience.shape import Shape

HOURS = 168
MINUTES = HOURS * 60


@dataclass(frozen=True, slots=True)
class Rate:
    """Visits per simulated second, constant within each hour of the week; integrates exactly."""

    per_second: tuple[Fraction, ...]
    cumulative: tuple[Fraction, ...]

    def until(self, minute: int) -> Fraction:
        """Λ: visits expected from Monday 00:00 until this minute of the week."""
        hour, rest = divmod(minute, 60)
        if not rest:
            return self.cumulative[hour]
        return self.cumulative[hour] + self.per_second[hour] * rest * 60


def rate(profile: Profile, persona: str, *, share: Fraction = Fraction(1), shape: Shape | None = None) -> Rate:
    """The rate of one persona, times `share` (of the population and of the group)."""
    curve = (shape or profile.shape).curve(persona)
    visits = profile.week.visits * profile.mixes.visit_share(persona) * share
    hourly = [visits * curve.share(*divmod(hour, 24)) for hour in range(HOURS)]
    cumulative = [Fraction(0)]
    for count in hourly:
        cumulative.append(cumulative[-1] + count)
    return Rate(tuple(count / 3600 for count in hourly), tuple(cumulative))


def held(changing: Rate, begin: int, end: int) -> Rate:
    """The mean rate between two minutes of the week, held for ever: what a capacity step offers."""
    mean = (changing.until(end) - changing.until(begin)) / ((end - begin) * 60)
    return Rate((mean,) * HOURS, tuple(mean * 3600 * hour for hour in range(HOURS + 1)))


def visits_per_second(profile: Profile, shape: Shape | None = None) -> dict[str, list[Fraction]]:
    """Per persona, the 168 hourly means at full scale, uncompressed."""
    return {persona: list(rate(profile, persona, shape=shape).per_second) for persona in PERSONAS}
