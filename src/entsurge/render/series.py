"""A timeline made ready to be drawn and read: in steps that fit a page, on the clock of the simulated day."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.render.numbers import Numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from entsurge.findings.course import Point, Timeline
    from entsurge.findings.report import RunFindings

MOST_STEPS = 120
TICK_MINUTES = (1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 5, 10, 15, 30, 60, 120, 240)
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """From seconds of the run to the time of the simulated day."""

    start_s: float
    start_minutes: float
    compression: float
    lang: str = "en"

    def minutes(self, second: float) -> float:
        """Minutes since midnight of the simulated day."""
        return self.start_minutes + (second - self.start_s) * self.compression / 60

    def time(self, second: float) -> str:
        """`09:05`, `9 h 05` in French; with its seconds where they tell more."""
        return Numbers(self.lang).clock(_written(self.minutes(second), seconds=self.compression < 60))

    def ticks(self, end_s: float, most: int = 9) -> dict[float, str]:
        """Seconds of the run that fall on round minutes of the day, with what to write there."""
        first, last, numbers = self.minutes(0), self.minutes(end_s), Numbers(self.lang)
        step = next((each for each in TICK_MINUTES if (last - first) / each <= most), TICK_MINUTES[-1])
        found = range(math.ceil(first / step), math.floor(last / step) + 1)
        return {
            self.start_s + (step * each - self.start_minutes) * 60 / self.compression: numbers.clock(
                _written(step * each, seconds=step < 1)
            )
            for each in found
        }


@dataclass(frozen=True, slots=True)
class Step:
    """Some seconds of a timeline as one: means of counts and visitors, the median of p50, the worst p95s and p99."""

    second: int
    offered_pages: float
    ok: float
    shed: float
    failed: float
    lost: float
    offered_visits: float
    started_visits: float
    visitors: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    sign_on_p95_s: float | None
    all_p95_s: float | None


def clock(run: RunFindings, lang: str) -> Clock:
    """The clock of a run: its window opens at the hour that the window names."""
    hours, _, minutes = run.window["from"].partition(":")
    start = next((each["start_s"] for each in run.timeline.phases if each["name"] == run.phase), 0.0)
    return Clock(start, 60 * int(hours) + int(minutes or 0), run.compression or 1.0, lang)


def step_seconds(timeline: Timeline, most: int = MOST_STEPS) -> int:
    """Seconds per step, so that there are no more steps than asked."""
    return max(1, math.ceil(len(timeline.second) / most))


def binned(timeline: Timeline, most: int = MOST_STEPS) -> list[Step]:
    """The timeline in no more steps than asked."""
    step = step_seconds(timeline, most)
    return [_step(timeline, slice(start, start + step)) for start in range(0, len(timeline.second), step)]


def _step(of: Timeline, part: slice) -> Step:
    def mean(values: Sequence[float]) -> float:
        return statistics.fmean(values[part])

    return Step(
        of.second[part][0], mean(of.offered_pages), mean(of.ok), mean(of.shed), mean(of.failed), mean(of.lost),
        mean(of.offered_visits), mean(of.started_visits), mean(of.visitors),
        _known(statistics.median, of.p50_s[part]), _known(max, of.p95_s[part]), _known(max, of.p99_s[part]),
        _known(max, of.sign_on_p95_s[part]), _known(max, of.all_p95_s[part]),
    )  # fmt: skip


def stepped(points: Iterable[Point], seconds: int, step: int) -> list[float | None]:
    """The mean of what was measured in every step of so many seconds; None where nothing was."""
    found: list[list[float]] = [[] for _ in range(0, seconds, step)]
    for point in points:
        place = int(point.t // step)
        if 0 <= place < len(found):
            found[place].append(point.value)
    return [statistics.fmean(values) if values else None for values in found]


def _known(fold: Callable[[list[float]], float], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(fold(known)) if known else None


def _written(minutes: float, *, seconds: bool = False) -> str:
    whole = round(minutes * 60) % (DAY_MINUTES * 60)
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}"
    return f"{text}:{whole % 60:02d}" if seconds and whole % 60 else text
