"""Visits per second of every persona at every hour of the week, as exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.audience.moment import Bell, Rush
    from entsurge.audience.profile import Profile
    from entsurge.audience.shape import Shape

HOURS = 168
MINUTES = HOURS * 60
EVERY_DAY = (Fraction(1),) * 7
"""The whole of its audience, Monday to Sunday."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Visits of one persona over the week; integrates exactly.

    `per_second` are the 168 hourly means, `cumulative` the visits until each hour, everything included; `regular` the
    same without the rushes. Within an hour the regular visits are spread evenly, or as the bell has it.
    """

    per_second: tuple[Fraction, ...]
    cumulative: tuple[Fraction, ...]
    regular: tuple[Fraction, ...]
    bell: Bell | None = None
    rushes: tuple[Rush, ...] = ()

    def until(self, minute: int) -> Fraction:
        """Λ: visits expected from Monday 00:00 until this minute of the week."""
        hour, rest = divmod(minute, 60)
        if not rest:
            return self.cumulative[hour]
        inside = self.regular[hour + 1] - self.regular[hour]
        part = self.bell.before(hour, rest) if self.bell else Fraction(rest, 60)
        return self.regular[hour] + inside * part + sum((rush.until(minute) for rush in self.rushes), Fraction(0))


def rate(
    profile: Profile, persona: str, *, share: Fraction = Fraction(1), present: Sequence[Fraction] = EVERY_DAY,
    shape: Shape | None = None,
) -> Rate:  # fmt: skip
    """The rate of one persona, times `share` (of the population and of the group), on each day times who is `present`.

    The seven of `present` are Monday's to Sunday's; a rush is of the day on which it begins.
    """
    curve = profile.curve(persona, shape)
    visits = profile.week.visits * profile.mixes.visit_share(persona) * share
    taken = [(each, each.share(persona)) for each in profile.happenings if each.share(persona)]
    by_curve = visits - visits * sum((of for _, of in taken), Fraction(0))
    rushes = tuple(each.rush(visits * of * present[each.begin_minute // 1440]) for each, of in taken)
    regular = [Fraction(0)]
    for hour in range(HOURS):
        regular.append(regular[-1] + by_curve * curve.share(*divmod(hour, 24)) * present[hour // 24])
    cumulative = [
        until + sum((rush.until(hour * 60) for rush in rushes), Fraction(0)) for hour, until in enumerate(regular)
    ]
    per_second = tuple((after - before) / 3600 for before, after in pairwise(cumulative))
    return Rate(per_second, tuple(cumulative), tuple(regular), profile.bell, rushes)


def held(changing: Rate, begin: int, end: int) -> Rate:
    """The mean rate between two minutes of the week, held for ever: what a capacity step offers."""
    mean = (changing.until(end) - changing.until(begin)) / ((end - begin) * 60)
    cumulative = tuple(mean * 3600 * hour for hour in range(HOURS + 1))
    return Rate((mean,) * HOURS, cumulative, cumulative)


def visits_per_second(
    profile: Profile, shape: Shape | None = None, *, present: Sequence[Fraction] = EVERY_DAY
) -> dict[str, list[Fraction]]:
    """Per persona, the 168 hourly means, uncompressed, of who is `present` on each day."""
    return {name: list(rate(profile, name, present=present, shape=shape).per_second) for name in profile.personas}
