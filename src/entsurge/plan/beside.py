"""One profile beside others on the day of its window: when each has its busiest ten minutes, and the day in tens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.audience.shape import DAYS
from entsurge.plan.people import presence
from entsurge.plan.rates import rate
from entsurge.plan.summary import STEP_MINUTES, Load, busiest_moment, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from entsurge.audience.profile import Profile

FIRST_HOUR, LAST_HOUR = 6, 20


@dataclass(frozen=True, slots=True)
class DayLine:
    """One profile's day at full scale, in the day's own time: each ten minutes, those of the window, the busiest.

    `steps` are (minute of the day, visits per second) of each ten minutes between 06 and 20 h.
    """

    profile: str
    title: str
    steps: tuple[tuple[int, float], ...]
    at_window: Load
    busiest_from: str
    busiest: Load

    def as_json(self) -> dict[str, Any]:
        """Visits, pages and requests per second and visitors at once, of both moments."""
        moments = {"at_window": self.at_window, f"busiest from {self.busiest_from}": self.busiest}
        return {
            "profile": self.profile, "steps": [list(each) for each in self.steps],
            **{name: {key: getattr(of, key) for key in Load.__slots__} for name, of in moments.items()},
        }  # fmt: skip


def lines(first: Profile, others: Iterable[Profile]) -> list[DayLine]:
    """The profile and the others, each on the weekday of the first one's window, from its beginning."""
    day, begin = first.file.window.day, first.file.window.begin_minute
    return [_line(each, day, begin) for each in (first, *others)]


def _line(profile: Profile, day: str, window: int) -> DayLine:
    present, midnight = presence(profile), 1440 * DAYS.index(day)
    rates = {persona: rate(profile, persona, present=present) for persona in profile.personas}

    def visits(begin: int) -> dict[str, Fraction]:
        """Visits a second by persona in the ten minutes from here on."""
        whole = {persona: of.until(begin + STEP_MINUTES) - of.until(begin) for persona, of in rates.items()}
        return {persona: count / (60 * STEP_MINUTES) for persona, count in whole.items()}

    minutes = range(60 * FIRST_HOUR, 60 * LAST_HOUR, STEP_MINUTES)
    top = busiest_moment(profile, day=day)
    titles = profile.file.title
    return DayLine(
        profile=profile.name,
        title=f"{titles['fr']} · {titles['en']}",
        steps=tuple((minute, float(sum(visits(midnight + minute).values()))) for minute in minutes),
        at_window=load(profile, visits(window)),
        busiest_from=top.when["from"],
        busiest=top.total,
    )
