"""The digital pause: nothing new from an evening to the next morning, nor over the weekend, and what that moves."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from entsurge.audience.figure import Figure, Share, at_most_100
from entsurge.audience.strict import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WEEK_HOURS = 168
SCHOOL_NIGHTS = 4  # Monday's to Thursday's: the fifth lasts until Monday


class Pause(Strict):
    """What one persona does when updates and notifications rest from the hour `from` to the hour `to`, and on weekends.

    Of the visits that fell into those hours `stays_percent` come all the same (the ENT can still be read),
    `earlier_percent` come in the hours before, as many in each of `earlier_hours`; the others wait for the end, and
    come in its first hours as `later` weighs them. No visit is lost: the week has as many as before.
    """

    begin: Annotated[int, Field(ge=12, le=23, alias="from")] = 20
    end: Annotated[int, Field(ge=0, le=11, alias="to")] = 7
    stays_percent: Annotated[Share, AfterValidator(at_most_100)]
    earlier_percent: Annotated[Share, AfterValidator(at_most_100)] = Figure(Decimal(0))
    earlier_hours: Annotated[int, Field(ge=1, le=6)] = 2
    later: Annotated[list[Share], Field(min_length=1, max_length=6)]

    @model_validator(mode="after")
    def _adds_up(self) -> Pause:
        if self.stays_percent.value + self.earlier_percent.value > 100:
            raise ValueError("stays_percent and earlier_percent are more than 100 together")
        if not any(weight.value for weight in self.later):
            raise ValueError("later: all weights are 0")
        return self

    def moved(self, shares: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The 168 hourly shares of a week, Monday 00 h first, as the pause leaves them; their sum is the same."""
        result = list(shares)
        stays, earlier = self.stays_percent.value / 100, self.earlier_percent.value / 100
        whole = sum((weight.value for weight in self.later), Fraction(0))
        for first, hours in self._rests():
            rest = [(first + hour) % WEEK_HOURS for hour in range(hours)]
            taken = sum((shares[hour] for hour in rest), Fraction(0))
            for hour in rest:
                result[hour] -= shares[hour] * (1 - stays)
            for before in range(1, self.earlier_hours + 1):
                result[(first - before) % WEEK_HOURS] += taken * earlier / self.earlier_hours
            for after, weight in enumerate(self.later):
                result[(rest[-1] + 1 + after) % WEEK_HOURS] += taken * (1 - stays - earlier) * weight.value / whole
        return tuple(result)

    def _rests(self) -> Iterator[tuple[int, int]]:
        """Each rest: its first hour of the week, and how many it has. The last one runs into the next week's Monday."""
        night = 24 - self.begin + self.end
        for day in range(SCHOOL_NIGHTS):
            yield 24 * day + self.begin, night
        yield 24 * SCHOOL_NIGHTS + self.begin, night + 48
