"""Computers, phones and the app in one run: two drivers beside each other, counted alike by the run and by the ENT."""

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from entsurge.analysis import frames, read_run
from entsurge.analysis.report import report
from entsurge.commands.processes import run_engine
from entsurge.drivers.skolengo_screens import SCREENS
from entsurge.engine.spec import RunSpec
from entsurge.render.html import render_html

DOOR = re.compile(r'entsandbox_door_requests_total\{device="(\w+)",door="([\w-]+)"\} ([\d.e+]+)')


def doors(url: str) -> Counter[tuple[str, str]]:
    """What came to each door of the embedded ENT so far, by (device, door)."""
    found = DOOR.findall(httpx.get(f"{url}/metrics").text)
    return Counter({(device, door): int(float(count)) for device, door, count in found})


@pytest.mark.slow
def test_both_drivers_are_seen_by_the_run_and_by_the_ent_alike(free_sandbox, tmp_path: Path) -> None:
    """Visits by device as planned; requests of phones, and of the app's API, to the unit; one table in the report."""
    before = doors(free_sandbox[0])
    spec = RunSpec(
        "pause-numerique-monday", free_sandbox[0], str(tmp_path / "run"), overrides={"compression": "300"},
        exporter_port=0, progress=False,
    )  # fmt: skip
    assert run_engine(spec, token=free_sandbox[1]) == 0
    came, run = doors(free_sandbox[0]) - before, read_run(tmp_path / "run")
    visits = frames.visits(run)
    window = Counter(visits.loc[visits["phase"] == "surge", "device"])
    planned: Counter[str] = Counter()
    for of in run.manifest["planned"].values():
        planned.update(of["devices"])
    assert window == planned
    assert run.manifest["devices"]["app"] == "skolengo-mobile"
    assert set(visits["sign_on"]) == {"ok"}

    rows = run.series.sums(run.series.chosen(kind="request", first_attempts=False))
    asked: Counter[str] = Counter()
    for key, times in zip(rows.key.tolist(), rows.times.tolist(), strict=True):
        entry = run.series.keys[key]
        if not entry.page.startswith("live-"):
            asked[entry.device] += times
            of_api = entry.page == "who" if entry.service == "sign-on" else entry.page in SCREENS
            asked["api"] += times * (entry.device == "app" and of_api)
    assert asked["phone"] == sum(count for (device, _), count in came.items() if device == "phone") > 0
    assert asked["api"] == came["other", "api"] > 0

    found = report([tmp_path / "run"])
    shown = {row.device: row for row in found.runs[0].devices.rows}
    assert {device: row.visits for device, row in shown.items()} == window
    assert shown["app"].requests_per_page < shown["phone"].requests_per_page
    assert "Téléphone (navigateur)" in render_html(found, "fr")
    assert "Phone (browser)" in render_html(found, "en")
