"""Which measure buys what, on the embedded ENT whose capacity is known by computation; broken off and taken up."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from entsandbox.settings import Settings
from entsurge.audience import profile as profiles
from entsurge.client.access import Access
from entsurge.commands.demo import capacity_for, demo_settings
from entsurge.commands.processes import sandbox
from entsurge.plan.summary import window_load

PUPILS = "pupils-and-teachers-first"
SHARE = 0.5  # of what the window plans, what the ENT can take


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, quick_profile: Path) -> Path:
    """The quick profile at scale 1/100, its window three times as long."""
    text = quick_profile.read_text("utf-8").replace('"09:08"', '"09:24"').replace('"1/40"', '"1/100"')
    path = tmp_path_factory.mktemp("measures") / "small.toml"
    path.write_text(text.replace("drain_seconds = 8", "drain_seconds = 3"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def overloaded(small: Path) -> Settings:
    """An ENT of four workers that can take half of the pages, refuses the others soon, and signs on for nothing."""
    loaded = profiles.load(str(small))
    plain = replace(
        demo_settings(profiles.load("lockdown-2020")), compression=float(loaded.file.replay.compression),
        service_seconds={"sign-on": 0.0}, default_seconds=1.0, workers=4, queue_limit=12,
    )  # fmt: skip
    wanted = SHARE * window_load(loaded)["total"]["pages_per_second"]
    return replace(plain, default_seconds=capacity_for(plain, loaded).pages_per_second / wanted)


@pytest.fixture(scope="module")
def ent(overloaded: Settings) -> Iterator[tuple[str, str]]:
    """That ENT: its address and its token."""
    with sandbox(overloaded.to_json()) as found:
        yield found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_answer_is_that_of_the_computed_capacity(
    entsurge, small: Path, ent: tuple[str, str], overloaded: Settings, tmp_path: Path
) -> None:
    """Six blocks of none and `pupils-and-teachers-first`, on an ENT that is full with and without it.

    Its workers make as many pages either way, capacity × window. Without the measure they are shared as the pages are
    asked for; with it all are protected people's: it buys them what it takes from the others. On a busy machine the
    generator may give out, or a run be odd: the estimate is the same, the interval wider or none, the exit code 4.
    """
    loaded = profiles.load(str(small))
    window, takes = window_load(loaded), capacity_for(overloaded, loaded)
    protected = sum(window["personas"][name]["pages_per_second"] for name in loaded.protected)
    pages, total = window["run_seconds"] * takes.pages_per_second, window["total"]["pages_per_second"]
    assert takes.pages_per_second == pytest.approx(SHARE * total)
    done = entsurge(
        "measures", str(small), "--target", ent[0], "--measure", PUPILS, "--no-pairs", "--out", "trial", "--lang", "en",
        env={"ENTSURGE_ADMIN_TOKEN": ent[1]},
    )  # fmt: skip
    assert done.returncode in (0, 4), done.stdout + done.stderr
    found = json.loads((tmp_path / "trial" / "measures.json").read_text())
    assert (tmp_path / "trial" / "measures.en.html").is_file()
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "trial" / "runs").glob("*/manifest.json")]
    assert len({each["plan_digest"] for each in manifests}) == 1
    if found["conclusion"] == "too-few-blocks":
        assert "not to be believed" in done.stdout
        return
    (arm,) = found["arms"]
    assert (arm["blocks"], arm["rank"], arm["told_apart"]) == (6, None, done.returncode == 0)
    assert arm["told_apart"] or arm["bought"]["low"] <= 0 < arm["bought"]["value"]  # one odd run of six hides it
    assert found["none_pages"] == pytest.approx(pages * protected / total, rel=0.15)
    assert found["none_pages"] + arm["bought"]["sample"] == pytest.approx(pages, rel=0.1)
    assert arm["bought"]["sample"] == pytest.approx(arm["cost"]["sample"], abs=0.1 * pages)
    assert arm["bought"]["value"] == pytest.approx(100 * arm["bought"]["sample"])
    assert found["best"] == []  # parents lose more than 10 % of their pages


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_trial_that_is_killed_goes_on(small: Path, ent: tuple[str, str], tmp_path: Path) -> None:
    """SIGKILL in the second run of a block: the same command keeps the first, and leaves no measure in force."""
    arguments = [
        sys.executable, "-m", "entsurge", "measures", str(small), "--target", ent[0], "--measure", "static-home",
        "--no-pairs", "--blocks", "1", "--out", "trial",
    ]  # fmt: skip
    environment = os.environ | {"ENTSURGE_ADMIN_TOKEN": ent[1]}
    journal = tmp_path / "trial" / "measures.jsonl"
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=environment, stdout=-1, stderr=-1, start_new_session=True
    ) as process:
        limit = time.monotonic() + 120
        while not journal.is_file() or journal.read_text().count('"begun"') < 2:
            assert time.monotonic() < limit
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    engine = tmp_path / "trial" / json.loads(journal.read_text().splitlines()[-1])["path"] / "engine.pid"
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(engine.read_text()), signal.SIGINT)
    done = subprocess.run(
        arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "INCONCLUSIVE beforehand: 1 block gives no interval" in done.stdout
    assert "taking up trial: 1 runs known" in done.stdout
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sum(row.get("state") == "known" for row in rows) == 2
    assert json.loads((tmp_path / "trial" / "measures.json").read_text())["conclusion"] == "too-few-blocks"
    state = (
        Access()
        .blocking()
        .request("GET", f"{ent[0]}/admin/measures", headers={"Authorization": f"Bearer {ent[1]}"}, deadline_seconds=5)
    )
    assert not any(each["on"] for each in json.loads(state.raw)["measures"])
