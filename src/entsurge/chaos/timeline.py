"""When a perturbation is in force: from words of the operator's (09:02, 25 %, 30 s) to seconds of the run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, field_validator

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.chaos.experiment import Experiment

MOMENT = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)|(?P<number>\d{1,9}(?:\.\d{1,9})?)(?P<unit>%|s|min)")
EXPECTED = "expected HH:MM of the simulated day, N%, N s or N min, such as 09:02, 25%, 30s, 5min"


class Span(BaseModel):
    """From when and for how long; by default the whole run, warm-up included.

    `start`: HH:MM is the simulated day's clock; N% is a share of the window (the phase between warm-up and drain); N s
    are seconds of the run after the window's begin; N min are simulated minutes after it. `length`: all but HH:MM.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    start: str = ""
    length: str = ""

    @field_validator("start", "length")
    @classmethod
    def _is_moment(cls, found: str) -> str:
        found = found.replace(" ", "")
        if found and not MOMENT.fullmatch(found):
            raise ValueError(f"{found}: {EXPECTED}")
        return found

    @field_validator("length")
    @classmethod
    def _is_length(cls, found: str) -> str:
        if ":" in found:
            raise ValueError(f"{found}: a length has no clock; expected N%, N s or N min")
        return found

    @staticmethod
    def parse(text: str) -> Span:
        """START or START+LENGTH. Raises UsageError."""
        start, _, length = text.partition("+")
        try:
            return Span(start=start, length=length)
        except ValueError:
            raise UsageError(f"@{text}: {EXPECTED}", hint="START or START+LENGTH, such as @09:02+6min") from None


@dataclass(frozen=True)
class Clock:
    """The run's clock, as the plan has it: where the window lies in run seconds and in the day's minutes."""

    begin_s: float
    end_s: float
    run_end_s: float
    begin_minute: int  # of the day
    compression: float

    @staticmethod
    def of(phases: Sequence[dict[str, Any]], begin_minute: int, compression: float) -> Clock:
        """The clock of these phases: warm-up, window, drain."""
        window = phases[1]
        return Clock(window["start_s"], window["end_s"], phases[-1]["end_s"], begin_minute % 1440, compression)

    def seconds(self, moment: str) -> float:
        """Seconds of the run between the window's begin and this moment."""
        found = MOMENT.fullmatch(moment)
        if found is None:
            raise UsageError(f"{moment}: {EXPECTED}")
        if found["hour"]:
            minutes = (int(found["hour"]) * 60 + int(found["minute"]) - self.begin_minute) % 1440
            return minutes * 60 / self.compression
        number = float(found["number"])
        if found["unit"] == "%":
            return number / 100 * (self.end_s - self.begin_s)
        return number if found["unit"] == "s" else number * 60 / self.compression

    def said(self, second: float) -> str:
        """The simulated day's clock at this second of the run."""
        minute = int(self.begin_minute + (second - self.begin_s) * self.compression / 60) % 1440
        return f"{minute // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True)
class Planned:
    """One perturbation in run seconds; `start_s` below 0 means: before the first arrival."""

    experiment: Experiment
    start_s: float
    end_s: float

    @property
    def whole_run(self) -> bool:
        """Whether it is in force from before the first arrival."""
        return self.start_s < 0


def plan(experiments: Sequence[Experiment], clock: Clock) -> list[Planned]:
    """Every perturbation's window, in order of begin. Raises UsageError naming each that does not fit."""
    found, wrong = [], []
    for each in experiments:
        one = _planned(each, clock)
        if one.start_s >= clock.end_s or one.end_s <= max(0.0, one.start_s):
            wrong.append(
                f"{each.id}: begins at {clock.said(one.start_s)} ({one.start_s:.1f} s of the run), but the window ends "
                f"at {clock.said(clock.end_s)} ({clock.end_s:.1f} s)"
            )
        found.append(one)
    found.sort(key=lambda one: one.start_s)
    wrong += _overlaps(found)
    if wrong:
        raise UsageError("\n".join(wrong), hint="give it a time with --chaos NAME@START+LENGTH")
    return found


def _planned(experiment: Experiment, clock: Clock) -> Planned:
    span = experiment.span
    most = experiment.extension.most_seconds
    start = clock.begin_s + clock.seconds(span.start) if span.start else -1.0
    end = (
        max(0.0, start) + clock.seconds(span.length)
        if span.length
        else (clock.run_end_s if not span.start or experiment.extension.kind == "measure" else clock.end_s)
    )
    if experiment.extension.kind == "fault":
        end = min(end, max(0.0, start) + most)
    return Planned(experiment, start, min(end, clock.run_end_s))


def _overlaps(found: list[Planned]) -> list[str]:
    """Faults come one at a time unless both say that they may come together."""
    faults = [one for one in found if one.experiment.extension.kind == "fault"]
    return [
        f"{first.experiment.id} and {second.experiment.id}: two faults at a time; "
        'say "together": true in both files if that is meant'
        for number, first in enumerate(faults)
        for second in faults[number + 1 :]
        if second.start_s < first.end_s
        and not (first.experiment.extension.together and second.experiment.extension.together)
    ]


def phases(found: Sequence[Planned], clock: Clock) -> list[dict[str, Any]]:
    """The window cut by the faults: baseline before the first, fault from first to last, recovery after them."""
    faults = [one for one in found if one.experiment.extension.kind == "fault"]
    if not faults:
        return []
    first = max(clock.begin_s, min(one.start_s for one in faults))
    last = min(clock.end_s, max(one.end_s for one in faults))
    edges = (("baseline", clock.begin_s, first), ("fault", first, last), ("recovery", last, clock.end_s))
    return [{"name": name, "start_s": start, "end_s": end} for name, start, end in edges if end > start]
