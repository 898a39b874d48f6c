"""How long after a fault's end the ENT is itself again: seconds outside the band of the calm before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.spells import FEWEST_CALM_SECONDS, disturbance, upper_edge
from entsurge.findings.perturbation import Recovery

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.findings.perturbation import Perturbation
    from entsurge.record.reading.run import Run
    from entsurge.record.reading.tally import Seconds


def recoveries(run: Run, of: Seconds, kinds: tuple[str, ...] = ("fault",)) -> list[Recovery]:
    """Every perturbation of these kinds that ends within the run, over these pages by second.

    A second is outside when the median corrected latency of its served pages leaves the calm's median by more than
    max(20 %, 3 MAD) upwards, or when more pages fail or are refused than are served. The calm is the baseline phase,
    or what of the judged window precedes the fault. Only spells of at least 5 s count. Empty when there is no calm.
    """
    seconds = _seconds(of)
    found = []
    for each in perturbations(run):
        if each.kind not in kinds or not each.start_s < each.end_s < _last(run):
            continue
        calm = _calm(run, seconds, each.start_s)
        if len(calm) >= FEWEST_CALM_SECONDS:
            found.append(_recovery(each, seconds, upper_edge(calm), _last(run)))
    return found


def _last(run: Run) -> float:
    """Until when the run is watched: the begin of the drain."""
    return float(
        next((each["start_s"] for each in run.manifest["phases"] if each["name"] == "drain"), run.window["end_s"])
    )


def _seconds(of: Seconds) -> dict[int, tuple[float | None, bool]]:
    """By second: the median latency of the served pages, and whether most pages were not served."""
    medians = of.quantiles(0)
    ended = np.flatnonzero(of.outcomes["ok"] + of.outcomes["shed"] + of.outcomes["failed"] + of.outcomes["lost"])
    unserved = of.outcomes["shed"] + of.outcomes["failed"] > of.outcomes["ok"]
    return {second: (medians[second], bool(unserved[second])) for second in ended.tolist()}


def _calm(run: Run, seconds: dict[int, tuple[float | None, bool]], start_s: float) -> NDArray[np.float64]:
    phases = [each for each in run.manifest["phases"] if each["name"] == "baseline"] or [run.window]
    begin, end = phases[0]["start_s"], min(phases[0]["end_s"], start_s)
    return np.array([median for second, (median, _) in seconds.items() if median is not None and begin <= second < end])


def _recovery(each: Perturbation, seconds: dict[int, tuple[float | None, bool]], edge: float, last: float) -> Recovery:
    start_s, end_s = each.start_s, each.end_s
    states = [
        (second, unserved or (median is not None and median > edge))
        for second, (median, unserved) in seconds.items()
        if start_s <= second < last
    ]
    found = disturbance(states, start_s, end_s)
    return Recovery(each.id, start_s, end_s, found.degrade_s, found.recover_s, disturbed=bool(found.felt))
