"""Which hours a log has seen: a day without a line is not a quiet day, and half an hour is no hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STEP = 300  # seconds; every time zone's offset is a multiple of it
SILENT_DAYS = 3  # a long weekend may be silent; after that a log is missing, or a clock was wrong
_CHUNK = 100_000
Stretch = tuple[int, int]


def stretches(days: Mapping[int, Stretch]) -> list[Stretch]:
    """First and last second of each stretch that was logged, by the first and last second of each day with a line."""
    found: list[Stretch] = []
    before = None
    for day in sorted(days):
        first, last = days[day]
        if before is not None and day - before <= SILENT_DAYS + 1:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
        before = day
    return found


def covered(logged: Sequence[Stretch], timezone: str) -> pd.DataFrame:
    """The local hours that were logged, a row each: `hour` of the week, `share` of it (1 for all of it).

    The index is the second of UTC at which the hour began: on the days of 23 and 25 hours one hour of the week is
    missing, or there twice.
    """
    counted = pd.concat([_steps(steps, timezone) for steps in _chunks(logged)]).groupby(level=[0, 1]).sum()
    result = counted.rename("share").reset_index(level="hour")
    return result.assign(share=result["share"] * STEP / 3600)


def _chunks(logged: Sequence[Stretch]) -> Iterator[range]:
    """The numbers of the five minutes of each stretch, some at a time."""
    for first, last in logged:
        for begin in range(first // STEP, last // STEP + 1, _CHUNK):
            yield range(begin, min(begin + _CHUNK, last // STEP + 1))


def _steps(steps: range, timezone: str) -> pd.Series[int]:
    seconds = pd.Series(steps, dtype="int64") * STEP
    local = pd.to_datetime(seconds, unit="s", utc=True).dt.tz_convert(timezone)
    began = seconds - local.dt.minute * 60
    return began.groupby([began.rename("began"), (local.dt.day_of_week * 24 + local.dt.hour).rename("hour")]).size()


def judged(hours: pd.DataFrame) -> pd.DataFrame:
    """The hours that the mean week is made of, weighed: whole ones, and others only where no whole one was logged."""
    whole = hours["share"] >= 1
    return weighed(hours[whole | ~hours["hour"].isin(hours.loc[whole, "hour"])])


def weighed(hours: pd.DataFrame) -> pd.DataFrame:
    """The hours with their `weight`, by which their visits are divided: how often that hour of the week is there.

    It is one at least: what a part of an hour saw is never scaled up to a whole one.
    """
    return hours.assign(weight=hours["hour"].map(hours.groupby("hour")["share"].sum().clip(lower=1)))
