"""How long pages took, percentile by percentile, corrected and service time, over the window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run

NINES = 5  # as far as 99.999 %, where there are enough pages
STEPS = 20  # points for each tenfold of pages
NAMED = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)


def percentiles(run: Run) -> dict[str, Any]:
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
    return {
        "count": total,
        "curve": [
            {"percentile": each, "nines": -math.log10(1 - each / 100), **at}
            for each, at in zip(asked, _both(found, asked), strict=True)
        ],
        "table": [{"percentile": each, **at} for each, at in zip(named, _both(found, named), strict=True)],
        "most": {f"{name}_s": times.quantile_seconds(100) for name, times in found.items()},
        "requests": {
            "count": requests.total,
            **dict(zip(("p50_s", "p95_s", "p99_s"), requests.quantiles_seconds([50, 95, 99]), strict=True)),
        },
    }


def _both(found: dict[str, Any], asked: list[float]) -> list[dict[str, float | None]]:
    corrected, service = (found[name].quantiles_seconds(asked) for name in ("corrected", "service"))
    return [{"corrected_s": one, "service_s": other} for one, other in zip(corrected, service, strict=True)]
