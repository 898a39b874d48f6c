"""When a perturbation is felt, and no longer: seconds outside the band of the calm before it (docs/method.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.findings.perturbation import Disturbance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LEAST_SHARE, DEVIATIONS = 0.2, 3.0
LEAST_SPELL_SECONDS = 5
FEWEST_CALM_SECONDS = 5
UNTOLD = Disturbance(None, None, None)


def disturbance(states: Sequence[tuple[int, bool]], start_s: float, end_s: float) -> Disturbance:
    """Of seconds since the begin, each outside the band or not, in order; those without a page are left out."""
    found = list(spells(states))
    if not found:
        return Disturbance(None, 0.0, felt=False)
    final = found[-1][1]
    over = final < states[-1][0]
    return Disturbance(max(0.0, found[0][0] - start_s), max(0.0, final + 1 - end_s) if over else None, felt=True)


def upper_edge(values: NDArray[np.float64]) -> float:
    """Median + max(20 % of it, three median absolute deviations)."""
    median = float(np.median(values))
    return median + max(LEAST_SHARE * median, DEVIATIONS * float(np.median(np.abs(values - median))))


def spells(states: Sequence[tuple[int, bool]]) -> Iterator[tuple[int, int]]:
    """First and last second of every stretch outside that lasts at least five seconds."""
    first: int | None = None
    final = 0
    for second, outside in [*states, (0, False)]:
        if outside:
            first, final = second if first is None else first, second
            continue
        if first is not None and final - first + 1 >= LEAST_SPELL_SECONDS:
            yield first, final
        first = None
