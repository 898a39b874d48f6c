"""How something that was looked at again and again changes: Theil and Sen's slope over medians of blocks.

Memory looked at every few seconds is not independent from one look to the next: an interval made of looks would be too
narrow. Medians of blocks are nearly so. (Theil 1950, Sen 1968; the interval is Sen's, by Kendall's tau.)
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import theilslopes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEVEL = 0.95


class Slope(NamedTuple):
    """A change by the unit of time, with its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Slope:
        """The change over so many units."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Slope(self.value * factor, low, high)


class Course:
    """Values by time, cut into blocks of equal length; each block's summary stands at its middle."""

    def __init__(
        self,
        times: Sequence[float],
        values: Sequence[float],
        *,
        blocks: int,
        of: Callable[[list[float]], float] = median,
    ) -> None:
        edges = np.linspace(min(times), max(times), blocks + 1)
        places = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, blocks - 1)
        held: list[list[float]] = [[] for _ in range(blocks)]
        for place, value in zip(places.tolist(), values, strict=True):
            held[place].append(value)
        middles = (edges[:-1] + edges[1:]) / 2
        self.points = [(float(at), of(each)) for at, each in zip(middles, held, strict=True) if each]

    def half(self, number: int) -> list[tuple[float, float]]:
        """The blocks of the first half (0) or of the second (1)."""
        middle = len(self.points) // 2
        return self.points[middle:] if number else self.points[:middle]

    def slope(self, number: int) -> Slope:
        """The change by the unit of time in a half; not a number where it has fewer than three blocks."""
        points = self.half(number)
        if len(points) < 3:
            return Slope(*[float("nan")] * 3)
        times, values = zip(*points, strict=True)
        found = theilslopes(values, times, LEVEL)
        return Slope(float(found.slope), float(found.low_slope), float(found.high_slope))

    def level(self, number: int) -> float:
        """The median of a half's blocks."""
        return median(value for _, value in self.half(number))
