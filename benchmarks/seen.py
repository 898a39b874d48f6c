"""What was seen of a run from outside, look by look: how memory went, what the run directory grew by, what grew."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from slopes import Course, Slope

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from outside import Seen

BLOCKS = 24  # of the window: each is a third of an hour of a day of eight
ORDER = ("master", "worker", "sandbox", "live page", "command")
MOST_GROWTH = 0.01  # of a process's memory in the second half, at the interval's lower end: more is a leak


@dataclass(frozen=True)
class Sample:
    """One look: run seconds, each process, the files of the run directory, how many series the exporter has."""

    t: float
    processes: dict[str, Seen]
    files: dict[str, int]
    series: int

    def line(self) -> str:
        """As a line of JSON."""
        processes = {name: each._asdict() for name, each in self.processes.items()}
        return json.dumps({"t": self.t, "processes": processes, "files": self.files, "series": self.series}) + "\n"


@dataclass(frozen=True)
class Day:
    """The looks in a run's window, from `begin` to `end` in run seconds, and how many visits had started by then."""

    samples: list[Sample]
    begin: float
    end: float
    started: list[tuple[float, int]]
    keys: int

    @property
    def middle(self) -> float:
        """Where the second half begins."""
        return (self.begin + self.end) / 2

    @property
    def visits(self) -> int:
        """Visits started in the window."""
        return self.started_by(self.end) - self.started_by(self.begin)

    def started_by(self, t: float) -> int:
        """Visits started by this second."""
        place = bisect_right(self.started, (t, 1 << 62))
        return self.started[place - 1][1] if place else 0

    def names(self) -> list[str]:
        """The processes that were there all the time, those that matter first."""
        always = set.intersection(*(set(each.processes) for each in self.samples))
        return sorted(always, key=lambda name: (ORDER.index(name.rstrip(" 0123456789")), name))

    def resident_mb(self, name: str) -> Course:
        """A process's memory."""
        return self._course([each.processes[name].resident_kb / 1024 for each in self.samples])

    def beyond_live(self, name: str) -> Course:
        """A process's descriptors that are no live connection: of each block the least, as connections come and go."""
        values = [each.processes[name].descriptors - each.processes[name].live for each in self.samples]
        return self._course(values, least=True)

    def threads(self, name: str) -> Course:
        """A process's threads: of each block the least, as a pool has more of them while there is work."""
        return self._course([each.processes[name].threads for each in self.samples], least=True)

    def _course(self, values: list[float] | list[int], *, least: bool = False) -> Course:
        times = [each.t for each in self.samples]
        return Course(times, values, blocks=BLOCKS, of=min) if least else Course(times, values, blocks=BLOCKS)


def day(run: Path, samples: list[Sample]) -> Day:
    """A run's day, of all the looks at it. Raises ValueError where too few were in its window."""
    phase = json.loads((run / "manifest.json").read_text())["phases"][1]
    begin, end = phase["start_s"], phase["end_s"]
    inside = [each for each in samples if begin <= each.t < end]
    if len(inside) < 4:
        raise ValueError(f"{len(inside)} looks in the window from {begin:g} to {end:g} s: too few")
    gauges: list[dict[str, Any]] = [json.loads(line) for line in (run / "gauges.jsonl").read_text().splitlines()]
    keys = len(json.loads((run / "keys.json").read_text()))
    return Day(inside, begin, end, [(row["t"], row["started"]) for row in gauges], keys)


def memory(of: Day) -> list[str]:
    """The table of processes."""
    lines = [
        "| process | resident, MB | grown, MB: first half (95 %) | second half | threads | descriptors | none live |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name in of.names():
        course, looks = of.resident_mb(name), [each.processes[name] for each in of.samples]
        first, second = (_shown(growth(of, course, number)) for number in (0, 1))
        resident = f"{course.points[0][1]:.1f}–{course.points[-1][1]:.1f}"
        counts = (
            [each.threads for each in looks], [each.descriptors for each in looks],
            [each.descriptors - each.live for each in looks],
        )  # fmt: skip
        lines.append(f"| {name} | {resident} | {first} | {second} | {' | '.join(_range(each) for each in counts)} |")
    return lines


def files(of: Day) -> list[str]:
    """The table of the run directory's files."""
    lines = [
        "| file | kB at the end | bytes a second, first half | second half | bytes a visit, first half | second half |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    middle = min(of.samples, key=lambda each: abs(each.t - of.middle))
    marks = (of.samples[0], middle, of.samples[-1])
    for name in sorted(marks[-1].files, key=lambda name: -marks[-1].files[name]):
        sizes = [each.files.get(name, 0) for each in marks]
        spans = list(zip(marks, marks[1:], sizes, sizes[1:], strict=False))
        seconds = [(after - before) / max(1e-9, to.t - at.t) for at, to, before, after in spans]
        visits = [
            (after - before) / max(1, of.started_by(to.t) - of.started_by(at.t)) for at, to, before, after in spans
        ]
        figures = [sizes[-1] / 1000, *seconds, *visits]
        lines.append(f"| {name} | {figures[0]:,.1f} | " + " | ".join(f"{each:,.0f}" for each in figures[1:]) + " |")
    return lines


def series(of: Day) -> str:
    """A sentence on the exporter's series and the run's keys."""
    counts = [each.series for each in of.samples if each.series] or [0]
    a_key = of.samples[-1].files.get("keys.json", 0) / max(1, of.keys)
    return (
        f"The exporter had {counts[0]:,} series at first, {counts[-1]:,} at last, {max(counts):,} at most. "
        f"keys.json has {of.keys:,} keys in {a_key:.0f} bytes each."
    )


def growth(of: Day, course: Course, half: int) -> Slope:
    """How much a half of the day added."""
    return course.slope(half).times((of.end - of.begin) / 2)


def grown(of: Day, expected: Collection[str] = ()) -> list[str]:
    """What grew in the second half, surely and by more than it may, and what cannot be told; a sentence each.

    A process that was not there all the time, or stands in another's place, is told of; so are those of `expected`.
    """
    found = _comings_and_goings(of, expected)
    for name in of.names():
        course, beyond = of.resident_mb(name), of.beyond_live(name)
        more, held = growth(of, course, 1), beyond.slope(1)
        if isnan(more.low) or isnan(held.low):
            found.append(f"{name}: too few looks in the second half to tell whether it grows")
        if more.low > MOST_GROWTH * course.level(1):
            found.append(f"{name}: memory grew by {_shown(more)} MB in the second half")
        if held.low > 0:
            found.append(f"{name}: descriptors that are no live connection grew to {beyond.points[-1][1]:.0f}")
        threads = of.threads(name)
        if threads.slope(1).low > 0:
            found.append(f"{name}: threads grew to {threads.points[-1][1]:.0f}")
    return found


def _comings_and_goings(of: Day, expected: Collection[str]) -> list[str]:
    """Processes that died, came later or were replaced: what they are at last says nothing of how they grew."""
    looks, found = len(of.samples), []
    for name in sorted({name for each in of.samples for name in each.processes} | set(expected)):
        numbers = [each.processes[name].pid for each in of.samples if name in each.processes]
        if len(numbers) < looks:
            found.append(f"{name}: there in {len(numbers)} of {looks} looks alone")
        if len(set(numbers)) > 1:
            found.append(f"{name}: {len(set(numbers))} processes one after the other")
    return found


def _shown(slope: Slope) -> str:
    return f"{slope.value:+.2f} ({slope.low:+.2f} to {slope.high:+.2f})"


def _range(values: list[int]) -> str:
    return f"{min(values)}–{max(values)}" if min(values) < max(values) else str(values[0])
