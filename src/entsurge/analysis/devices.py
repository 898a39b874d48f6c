"""Pages, waiting and continuity by the device that visits came by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.continuity import work_of
from entsurge.audience.devices import DEVICES
from entsurge.findings.devices import ByDevice, Devices
from entsurge.record.histogram import BUCKETS
from entsurge.record.reading.hdr import Times

if TYPE_CHECKING:
    from entsurge.audience.devices import Device
    from entsurge.record.reading.run import Run

SIGN_ON, LIVE = "sign-on", "live-"


def devices(run: Run) -> Devices | None:
    """By device, of the visits due in the window; None for a run whose plan says nothing of devices."""
    told = run.manifest.get("devices")
    came = run.window_stays.count_by("device")
    if not told or not any(came.get(device) for device in DEVICES):
        return None
    latency, requests = _counted(run)
    rows = [_row(run, device, latency[device], requests[device]) for device in DEVICES if came.get(device)]
    return Devices(str(told.get("app", "")), rows)


def _row(run: Run, device: Device, latency: Times, requests: int) -> ByDevice:
    stays, by_device = run.window_stays, run.manifest.get("unmeasured_by_device", {})
    why = {persona: devices[device] for persona, devices in by_device.items() if device in devices}
    why |= run.manifest.get("unmeasured", {})
    of = stays.only(stays.where(device=device))
    asked = int(of["ok"].sum() + of["shed"].sum() + of["failed"].sum())
    p50, p95 = latency.quantiles_seconds([50, 95])
    return ByDevice(
        device=device,
        visits=len(of),
        share=len(of) / len(stays),
        planned=int(of["planned"].sum()),
        ok=int(of["ok"].sum()),
        shed=int(of["shed"].sum()),
        failed=int(of["failed"].sum()),
        p50_s=p50,
        p95_s=p95,
        waiting_s=float(of["waiting_us"].mean()) / 1e6,
        requests_per_page=requests / asked if asked and requests else None,
        students=work_of(of, "student", why),
        teachers=work_of(of, "teacher", why),
    )


def _counted(run: Run) -> tuple[dict[Device, Times], dict[Device, int]]:
    """By device, of the window and without sign-on: the latency of pages served, and how many requests pages made."""
    series, phase = run.series, str(run.window["name"])
    pages = series.chosen(kind="page", outcome="ok", timing="corrected", phase=phase)
    requests = series.chosen(kind="request", phase=phase)
    told = np.array(
        [each is not None and each.service != SIGN_ON and not each.page.startswith(LIVE) for each in series.keys], bool
    )
    rows = series.sums((pages | requests) & told)
    latency: dict[Device, Times] = {}
    made: dict[Device, int] = {}
    for device in DEVICES:
        own = series.chosen(device=device)[rows.key]
        shown = own & pages[rows.key]
        counts = np.bincount(rows.bucket[shown], rows.times[shown], minlength=BUCKETS)
        latency[device] = Times(counts.astype(np.int64))
        made[device] = int(rows.times[own & requests[rows.key]].sum())
    return latency, made
