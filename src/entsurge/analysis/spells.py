"""How long after its begin a perturbation is felt, and how long after its end it still is (docs/method.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from entsurge.analysis.by_second import BySecond
    from entsurge.analysis.run import Run

LEAST_SHARE, DEVIATIONS = 0.2, 3.0
LEAST_SPELL_SECONDS = 5
FEWEST_CALM_SECONDS = 5


@dataclass(frozen=True)
class Disturbance:
    """Seconds after the begin until it is felt (None: never), after the end until it is not (None: not in the run)."""

    degrade_s: float | None
    recover_s: float | None
    felt: bool | None  # None: the calm before it was too short to tell


def disturbance(
    run: Run, start_s: float, end_s: float, pages: BySecond, persona: str, service: str, cohort: str
) -> Disturbance:
    """A second is outside when its typical time leaves the calm's band upwards, or most of its pages are not served."""
    chosen = pages.where(persona=persona, service=service, cohort=cohort)
    ok, asked, logs = pages.of("ok", chosen), pages.asked(chosen), pages.log_seconds(chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.exp(logs / ok)
    begin, last = int(np.ceil(run.window["start_s"])), min(pages.seconds, int(run.window["end_s"]))
    calm = typical[begin : max(begin, int(start_s))]
    calm = calm[np.isfinite(calm)]
    if len(calm) < FEWEST_CALM_SECONDS:
        return Disturbance(None, None, None)
    edge = upper_edge(calm)
    outside = [
        (second, bool(typical[second] > edge) if ok[second] > asked[second] / 2 else True)
        for second in range(int(start_s), last)
        if asked[second]
    ]
    found = list(spells(outside))
    if not found:
        return Disturbance(None, 0.0, felt=False)
    final = found[-1][1]
    over = final < outside[-1][0]
    return Disturbance(max(0.0, found[0][0] - start_s), max(0.0, final + 1 - end_s) if over else None, felt=True)


def upper_edge(values: NDArray[np.float64]) -> float:
    """Median + max(20 % of it, three median absolute deviations)."""
    median = float(np.median(values))
    return median + max(LEAST_SHARE * median, DEVIATIONS * float(np.median(np.abs(values - median))))


def spells(states: list[tuple[int, bool]]) -> Iterator[tuple[int, int]]:
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
