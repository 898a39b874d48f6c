"""Was the machine quiet? A fixed piece of work, timed before and after whatever is measured, says so.

    watch = Watch(repeats=1)
    rounds = [watch.round({"ours": ours, "theirs": theirs}) for _ in range(7)]   # each a function without arguments
    rounds[0].found["ours"]     # what it returned
    mark(rounds)                # "†" or "", for the table
    footnote(rounds)            # the sentence beneath it

Two things are told apart: the core was shared (wall time beyond processor time) and the core's pace changed (processor
time of the same work differs: frequency, a neighbour in the caches or on the host).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LIMIT = 1.15  # of wall to processor time, and of the slowest to the fastest calibration of a round
LOOPS, CALLS_EVERY = 1_400_000, 10  # some 0.3 s
MARK = "†"
T = TypeVar("T")


class Calibration(NamedTuple):
    """How long the fixed work took."""

    processor_seconds: float
    wall_seconds: float

    @property
    def sharing(self) -> float:
        """Wall time by processor time: 1 on a core of one's own."""
        return self.wall_seconds / self.processor_seconds


class Disturbance(NamedTuple):
    """How far from quiet a round was: 1 and 1 are a machine of one's own that keeps its pace."""

    sharing: float
    drift: float

    @property
    def worst(self) -> float:
        """The larger of both."""
        return max(self.sharing, self.drift)

    def reason(self, limit: float) -> str:
        """What is wrong, in words; nothing when both keep the limit."""
        said = []
        if self.sharing > limit:
            said.append(f"a core was shared (wall time {self.sharing:.2f} × processor time)")
        if self.drift > limit:
            said.append(f"its pace changed (the same work took up to {self.drift:.2f} × as long)")
        return " and ".join(said)


def disturbance(calibrations: Sequence[Calibration]) -> Disturbance:
    """The worst sharing of these calibrations, and the slowest by the fastest in processor time."""
    times = [each.processor_seconds for each in calibrations]
    return Disturbance(max(each.sharing for each in calibrations), max(times) / min(times))


def work() -> None:
    """The fixed work: arithmetic, text, a dictionary, and a system call every so often."""
    kept: dict[int, str] = {}
    with open(os.devnull, "wb", buffering=0) as sink:  # noqa: PTH123  a descriptor is what is wanted
        for number in range(LOOPS):
            kept[number & 255] = str(number * 7 % 1001)
            if number % CALLS_EVERY == 0:
                os.write(sink.fileno(), b"x")


def calibrate(
    work: Callable[[], None] = work,
    processor: Callable[[], float] = time.process_time,
    wall: Callable[[], float] = time.perf_counter,
) -> Calibration:
    """Time the work on the first core, where benchmarks have what they measure."""
    with _first_core():
        before = processor(), wall()
        work()
        after = processor(), wall()
    return Calibration(after[0] - before[0], after[1] - before[1])


@contextlib.contextmanager
def _first_core() -> Iterator[None]:
    """This thread on the first core; children that are started later are not."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@dataclass(frozen=True)
class Round(Generic[T]):
    """What each step of a round returned; `reason` says why the machine was not quiet, empty if it was."""

    found: dict[str, T]
    disturbance: Disturbance
    reason: str
    attempts: int = 1


class Watch:
    """Measures rounds with calibrations around every step.

    A round past `limit` is measured again, at most `repeats` times; of several, the one least disturbed is kept. `say`
    hears of each that is not quiet.
    """

    def __init__(
        self,
        *,
        limit: float = LIMIT,
        repeats: int = 1,
        calibrate: Callable[[], Calibration] = calibrate,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    ) -> None:
        self.limit, self.repeats, self.calibrate, self.say = limit, repeats, calibrate, say

    def round(self, steps: Mapping[str, Callable[[], T]]) -> Round[T]:
        """One round: every step in its order, by name. What a step raises goes through."""
        best = None
        for attempt in range(1, self.repeats + 2):
            found = self._once(steps, attempt)
            if best is None or found.disturbance.worst < best.disturbance.worst:
                best = found
            if not found.reason:
                break
            again = "measured again" if attempt <= self.repeats else "kept, and marked"
            self.say(f"not quiet: {found.reason}; {again}")
        if best is None:
            raise ValueError("repeats: less than none")
        return Round(best.found, best.disturbance, best.reason, attempt)

    def _once(self, steps: Mapping[str, Callable[[], T]], attempt: int) -> Round[T]:
        calibrations, found = [self.calibrate()], {}
        for name, step in steps.items():
            found[name] = step()
            calibrations.append(self.calibrate())
        of = disturbance(calibrations)
        return Round(found, of, of.reason(self.limit), attempt)


def mark(rounds: Sequence[Round[T]]) -> str:
    """What a figure of these rounds is marked with: † where one of them was not quiet, nothing else."""
    return MARK if any(each.reason for each in rounds) else ""


def footnote(rounds: Sequence[Round[T]], limit: float = LIMIT) -> str:
    """One sentence on how quiet the machine was, for beneath the table."""
    sharing, drift = (max(values) for values in zip(*(each.disturbance for each in rounds), strict=True))
    bounds = f"wall time at most {sharing:.2f} × processor time, pace within {drift:.2f} (limit {limit:.2f})"
    loud = [f"round {number}: {each.reason}" for number, each in enumerate(rounds, 1) if each.reason]
    if not loud:
        return f"The machine was quiet: {bounds}."
    return f"{MARK} {len(loud)} of {len(rounds)} rounds on a machine that was not quiet: {'; '.join(loud)}."
