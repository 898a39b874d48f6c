"""What to ask next: raise until something is missed, halve the bracket, then repeat around the boundary.

Pure: the steps so far go in, the next one or the reason to stop comes out. Nothing here knows of clocks or processes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from entsurge.analysis.capacity.boundary import boundary, bracket, doubt
from entsurge.findings.search import LOWEST
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.capacity.boundary import Judged
    from entsurge.analysis.capacity.step import Step
    from entsurge.findings.search import Offered, Settings

GROWTH = 1.4
CAUTIOUS, NEARLY_USED = 1.15, 0.85  # where the target itself says that a resource is nearly used up
NARROW = 1.16  # a bracket no wider than this is repeated around, not halved
AROUND = (0.94, 1.06, 0.97, 1.03, 0.91, 1.09, 1.0)
ENOUGH = 12  # a line through fewer steps may look certain by luck

Why = Literal["raise", "lower", "halve", "repeat"]
End = Literal["certain", "budget", "ceiling", "degrades at once", "never missed"]


@dataclass(frozen=True)
class Next:
    """The next step: at this multiple of the plan's rate; `back` after a missed one: first return to this rate."""

    rate: float
    why: Why


@dataclass(frozen=True)
class Stop:
    """Nothing more is asked, and why."""

    why: End


@dataclass
class Progress:
    """What a search knows so far. `ceilings` are steps whose measurement broke; `notes` are to be said.

    `number` is that of the last step that was asked, `stop` why nothing more is.
    """

    steps: list[Step] = field(default_factory=list)
    ceilings: list[Step] = field(default_factory=list)
    notes: list[Statement] = field(default_factory=list)
    number: int = 0
    stop: str = ""
    offered: Offered = "steady"

    @property
    def ceiling(self) -> float | None:
        """The lowest rate at which the measurement gave out."""
        return min((step.rate for step in self.ceilings), default=None)

    def note(self, code: str, **of: float | str | Statement) -> None:
        """Something that whoever signs must know."""
        self.notes.append(Statement(code, {**of}))


def following(steps: Sequence[Judged], ceiling: float | None, settings: Settings) -> Next | Stop:
    """The step after these. `ceiling` is the lowest rate at which the generator itself gave out, if it did."""
    asked = len(steps) + (ceiling is not None)
    held = [step.rate for step in steps if step.margin <= 0]
    missed = [step.rate for step in steps if step.margin > 0]
    if asked >= settings.steps:
        return Stop("budget")
    if not missed:
        nearly = max((step.used for step in steps), default=0.0) >= NEARLY_USED
        return _raised(max(held, default=0.0), ceiling, settings, CAUTIOUS if nearly else GROWTH)
    if not held:
        lower = min(missed) / GROWTH**2
        return Next(lower, "lower") if lower >= LOWEST else Stop("degrades at once")
    low, high = bracket(steps)
    if high / low > NARROW:
        return Next(math.sqrt(low * high), "halve")
    return _around(steps, settings)


def _raised(highest_held: float, ceiling: float | None, settings: Settings, growth: float) -> Next | Stop:
    """Up by the same factor, or by a smaller one where the target says that it is nearly used up.

    Halfway to the generator's ceiling once that is known, until they meet.
    """
    if not highest_held:
        return Next(settings.start, "raise") if ceiling is None else _below(ceiling)
    if ceiling is None:
        rate = highest_held * growth
        return Next(rate, "raise") if rate <= settings.highest else Stop("never missed")
    rate = math.sqrt(highest_held * ceiling)
    return Next(rate, "raise") if rate / highest_held > 1 + settings.tolerance else Stop("ceiling")


def _below(ceiling: float) -> Next | Stop:
    lower = ceiling / GROWTH**2
    return Next(lower, "lower") if lower >= LOWEST else Stop("ceiling")


def _around(steps: Sequence[Judged], settings: Settings) -> Next | Stop:
    """Repeat around the boundary in a fixed order of distances, until its interval is narrow enough."""
    found = boundary(steps)
    if found is None:
        return Stop("budget")
    if found.how == "line" and found.steps >= ENOUGH and doubt(found) <= settings.tolerance:
        return Stop("certain")
    done = sum(abs(math.log(step.rate / found.value)) < 0.12 for step in steps)
    return Next(found.value * AROUND[done % len(AROUND)], "repeat")
