"""Pages, waiting and continuity by the device that visits came by."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.audience.devices import Device
from entsurge.findings.teaching import Work


@dataclass(frozen=True, kw_only=True)
class ByDevice:
    """Of the visits due in the window that came by one device; first attempts alone.

    `share` is of all visits. Of `planned` pages so many were served (`ok`), refused on purpose (`shed`), or failed;
    `p50_s` and `p95_s` are the corrected latency of those served, sign-on apart, `waiting_s` the mean time that a visit
    spent waiting. `requests_per_page` counts the requests of pages that were asked for, sign-on apart (None without a
    page). `students` and `teachers` are as in continuity.
    """

    device: Device
    visits: int
    share: float
    planned: int
    ok: int
    shed: int
    failed: int
    p50_s: float | None
    p95_s: float | None
    waiting_s: float | None
    requests_per_page: float | None
    students: Work
    teachers: Work


@dataclass(frozen=True)
class Devices:
    """The devices of a run, in their order; `app` is the driver of the target's app, empty where nobody had one."""

    app: str
    rows: list[ByDevice]
