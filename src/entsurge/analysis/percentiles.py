"""How long pages took, percentile by percentile, corrected and service time, over the window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from entsurge.findings.course import AtPercentile, Percentiles, RequestTimes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.record.reading.hdr import Times
    from entsurge.record.reading.run import Run

NINES = 5  # as far as 99.999 %, where there are enough pages
STEPS = 20  # points for each tenfold of pages
NAMED = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)


def percentiles(run: Run) -> Percentiles:
    """Served pages of the window, sign-on included, and requests; `curve` has points evenly set on a scale of nines.

    A percentile is given only where at least one time lies above it: the rest would be the maximum over again.
    """
    phase = run.window["name"]
    found = {name: run.tally.times(timing=name, phase=phase) for name in ("corrected", "service")}
    requests = run.tally.times(timing="service", kind="request", phase=phase, outcome="ok")
    total = found["corrected"].total
    asked = [100 * (1 - 10 ** (-step / STEPS)) for step in range(NINES * STEPS + 1)]
    asked = [each for each in asked if total * (1 - each / 100) >= 1]
    named = [each for each in NAMED if total * (1 - each / 100) >= 1]
    return Percentiles(
        total,
        _at(found, asked),
        _at(found, named),
        found["corrected"].quantile_seconds(100),
        found["service"].quantile_seconds(100),
        RequestTimes(requests.total, *requests.quantiles_seconds([50, 95, 99])),
    )


def _at(found: Mapping[str, Times], asked: Sequence[float]) -> list[AtPercentile]:
    corrected, service = (found[name].quantiles_seconds(list(asked)) for name in ("corrected", "service"))
    return [
        AtPercentile(each, -math.log10(1 - each / 100), one, other)
        for each, one, other in zip(asked, corrected, service, strict=True)
    ]
