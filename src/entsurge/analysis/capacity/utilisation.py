"""Which of the target's resources is used up first, by the utilisation law, from its own metrics in each step."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from entsurge.analysis.capacity import queueing
from entsurge.errors import UsageError
from entsurge.findings.capacity import Resource
from entsurge.record.reading.documents import read_manifest, read_target
from entsurge.record.reading.run import judged_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.analysis.capacity.step import Step

_WRITTEN = re.compile(r"(?P<name>[^=]+)=(?P<series>.+)/(?P<limit>\d+(?:\.\d+)?)")
ENOUGH_USED = 0.05  # a resource hardly used says too little of where it ends


def used_by(written: Sequence[str], step: Step) -> float:
    """The share of the most used of these resources in one step; 0 where its metrics say nothing."""
    return max((each.used for each in resources_of(written, [step])), default=0.0)


def resources_of(written: Sequence[str], steps: Sequence[Step]) -> list[Resource]:
    """The resources NAME=SERIES/LIMIT as these steps' target.jsonl has them; those without a figure are left out.

    Raises UsageError for what is not written so.
    """
    found = []
    for text in written:
        parts = _WRITTEN.fullmatch(text)
        if parts is None or float(parts["limit"]) <= 0:
            raise UsageError(
                f"--resource {text}: expected NAME=SERIES/LIMIT, such as workers=entsandbox_workers_busy/16"
            )
        limit = float(parts["limit"])
        used = [(fmean(values) / limit, step) for step in steps if (values := list(_values(step, parts["series"])))]
        if used:
            share, step = max(used, key=lambda each: each[0])
            if share >= ENOUGH_USED and step.served_pages > 0:
                found.append(_resource(parts["name"], share, limit, step))
    return sorted(found, key=lambda each: each.saturates_at)


def _resource(name: str, share: float, limit: float, step: Step) -> Resource:
    return Resource(
        name=name,
        used=share,
        served_pages=step.served_pages,
        page_demand_seconds=queueing.demand_seconds(share, step.served_pages, round(limit)),
        saturates_at=queueing.saturates_at(share, step.served_pages),
    )


def _values(step: Step, series: str) -> Iterator[float]:
    """The values of a series inside the step's window; a name without labels takes those of every label together."""
    path = Path(step.path)
    try:
        window = judged_window(read_manifest(path))
    except UsageError:
        return
    sums: dict[float, float] = {}
    for row in read_target(path, []):
        named = row["series"]
        if (named == series or named.startswith(series + "{")) and window["start_s"] <= row["t"] < window["end_s"]:
            sums[row["t"]] = sums.get(row["t"], 0.0) + row["value"]
    yield from sums.values()
