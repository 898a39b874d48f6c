"""Where the objectives are just met: a line through the margins of the steps around it, with Fieller's interval.

A margin is how far the worst required objective was from its bound: below 0 held, above 0 missed. Margins of steps
near the boundary are close to a straight line over the logarithm of the rate; where it crosses zero is the boundary.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.stats import t as student

from entsurge.findings.capacity import Boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.findings.capacity import Enough

NEAR = 0.25  # how far from the boundary, in the logarithm of the rate, a step may be to say something of it
CLIP = 1.5  # a margin further out says no more than that
FEWEST = 5
LEVEL = 0.99  # nominal: margins are skewed and searches stop when they look certain, so that less is kept
WIDEST = math.log(4)  # an interval that reaches further than this determines nothing
SLACK = 1.04  # how far outside the steps that disagree a line may cross zero
BESIDE = 1.1  # what interval a bracket gets beyond its own ends: a step judges its rate no better than that


class Judged(Protocol):
    """What is needed of a step: the multiple of the plan's rate, and the margin."""

    @property
    def rate(self) -> float:
        """The multiple of the plan's rate that was asked for."""
        ...

    @property
    def margin(self) -> float:
        """Below 0 held, above 0 missed."""
        ...

    @property
    def used(self) -> float:
        """The share of the target's most used resource, by its own metrics; 0 where it says nothing."""
        ...


def doubt(found: Boundary) -> float:
    """Half the interval as a share of the value; infinite where an end is open."""
    return (found.high - found.low) / 2 / found.value if math.isfinite(found.high) and found.low > 0 else math.inf


def enough(found: Boundary, need: float = 1.0) -> Enough:
    """Whether it suffices for so many times the window: `yes` and `no` only where the whole interval says so.

    `unsure`: the need lies inside the interval; `unknown`: beyond the end that is known, where the other is open.
    """
    if found.low >= need:
        return "yes"
    if found.high < need:
        return "no"
    return "unknown" if found.how in ("at-least", "at-most") else "unsure"


def boundary(steps: Sequence[Judged]) -> Boundary | None:
    """The boundary that these steps show; None of no step."""
    if not steps:
        return None
    held = [step.rate for step in steps if step.margin <= 0]
    missed = [step.rate for step in steps if step.margin > 0]
    if not missed:
        known = max(held) / BESIDE
        return Boundary(known, known, math.inf, "at-least", len(steps))
    if not held:
        known = min(missed) * BESIDE
        return Boundary(known, 0.0, known, "at-most", len(steps))
    low, high = bracket(steps)
    lowest, highest = min(low, *missed), max(high, *held)
    centre = math.sqrt(low * high)
    for _ in range(4):
        near = [step for step in steps if abs(math.log(step.rate / centre)) <= NEAR]
        found = _line(near, lowest / SLACK, highest * SLACK)
        if found is None:
            return Boundary(math.sqrt(low * high), lowest / BESIDE, highest * BESIDE, "bracket", len(steps))
        centre = found.value
    return found


def bracket(steps: Sequence[Judged]) -> tuple[float, float]:
    """The neighbouring rates between which held turns into missed, chance aside: the cut that errs least often.

    Where steps do not agree (a higher rate held, a lower one missed), the cut with the fewest of them on the wrong
    side counts; several equally good cuts are taken together.
    """
    ordered = sorted(steps, key=lambda step: step.rate)
    rates = [step.rate for step in ordered]
    wrong = [
        sum(step.margin > 0 for step in ordered[:cut]) + sum(step.margin <= 0 for step in ordered[cut:])
        for cut in range(len(ordered) + 1)
    ]
    best = [cut for cut, count in enumerate(wrong) if count == min(wrong)]
    first, last = best[0], best[-1]
    return rates[max(0, first - 1)], rates[min(len(rates) - 1, last)]


def disagree(steps: Sequence[Judged]) -> bool:
    """Whether a higher rate was held than one that was missed."""
    missed = [step.rate for step in steps if step.margin > 0]
    return bool(missed) and any(step.margin <= 0 and step.rate > min(missed) for step in steps)


def _line(near: Sequence[Judged], lowest: float, highest: float) -> Boundary | None:
    """Least squares of margin over log rate, and the zero of it; None when the steps do not determine one."""
    x = np.log([step.rate for step in near])
    y = np.clip([step.margin for step in near], -CLIP, CLIP)
    if len(near) < FEWEST or np.ptp(x) < 0.02 or not (y.min() < 0 < y.max()):
        return None
    slope, at = np.polyfit(x, y, 1)
    if slope <= 0:
        return None
    ends = _fieller(x, y, float(slope), float(at))
    if ends is None or max(abs(end + at / slope) for end in ends) > WIDEST:
        return None
    value, (low, high) = math.exp(-at / slope), (math.exp(end) for end in ends)
    if not lowest <= value <= highest:
        return None
    return Boundary(value, low, high, "line", len(near))


def _fieller(x: np.ndarray, y: np.ndarray, slope: float, at: float) -> tuple[float, float] | None:
    """Fieller's interval of the zero of a fitted line; None when the slope itself may be nought."""
    count, middle = len(x), float(x.mean())
    spread = float(((x - middle) ** 2).sum())
    variance = float(((y - at - slope * x) ** 2).sum()) / (count - 2)
    quantile = float(student.ppf((1 + LEVEL) / 2, count - 2))
    steepness = slope**2 * spread
    if not quantile**2 * variance < steepness:
        return None
    g = quantile**2 * variance / steepness
    zero = -at / slope
    off = zero - middle
    half = quantile / slope * math.sqrt(variance * ((1 - g) / count + off**2 / spread))
    return middle + (off - half) / (1 - g), middle + (off + half) / (1 - g)
