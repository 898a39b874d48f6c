"""Who comes back after a failure, and when: decided from the seed and the visit's name, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from entsurge.plan import chance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from entsurge.audience.profile import Profile
    from entsurge.audience.shape import Retry
    from entsurge.plan.arrivals import PagePlan, VisitPlan


@dataclass(frozen=True)
class Comeback:
    """The personas' habit of trying again. A retry is the same person with the same account; it is no visit."""

    seed: int
    compression: Fraction
    retries: Mapping[str, Retry]

    def delay_us(self, visit: VisitPlan) -> int | None:
        """After how many µs of run time whoever failed in this visit tries again; None if they give up."""
        retry = self.retries.get(visit.persona)
        if retry is None or visit.attempt >= retry.times:
            return None
        first = visit.name.partition("#")[0]
        stay, when = chance.draw(chance.key(self.seed, first, "retry", str(visit.attempt + 1)), 2)
        if stay >= retry.percent.value / 100 * chance.WHOLE:
            return None
        shortest, longest = (int(seconds * 1_000_000 / self.compression) for seconds in retry.after_seconds)
        return shortest + chance.below(when, longest - shortest + 1)


def comeback(profile: Profile) -> Comeback:
    """What the profile's personas do when they fail."""
    return Comeback(profile.file.replay.seed, profile.file.replay.compression, profile.mixes.retries)


def again(visit: VisitPlan, pages: tuple[PagePlan, ...], *, due_us: int, phase: str) -> VisitPlan:
    """The next attempt of this visit: the pages still owed, under the first one's name and the attempt's number."""
    first, number = visit.name.partition("#")[0], visit.attempt + 1
    return replace(visit, name=f"{first}#{number}", due_us=due_us, phase=phase, pages=pages, attempt=number)
