"""Days that happened since 2020, each run for a few seconds on the embedded ENT, with what makes it that day."""

import json
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import run_engine, sandbox
from entsurge.engine.spec import RunSpec

pytestmark = pytest.mark.slow

CHANGE = """
[sign_on]
method = "form"
login_url = "{url}/login/index.php"
[sign_on.interstitial]
sign = [{ css = "input[name=newpassword1]" }]
password_fields = ["password", "newpassword1", "newpassword2"]
"""


def run(name: str, where: tuple[str, str], out: Path, **more):
    """Some seconds of a profile; the run, which came to its end."""
    small = {"scale": "1/240", "drain_seconds": 8}
    spec = RunSpec(name, where[0], str(out), exporter_port=0, progress=False, overrides=small | more)
    assert run_engine(spec, token=where[1]) == 0
    found = read_run(out)
    assert found.finish["end"] == "completed"
    return found


def switch(where: tuple[str, str], measure: str, *, on: bool) -> None:
    """Turn a measure of the sandbox on or off."""
    asked = urllib.request.Request(
        f"{where[0]}/admin/measures/{measure}", json.dumps({"on": on}).encode(), method="PUT",
        headers={"authorization": f"Bearer {where[1]}"},
    )  # fmt: skip
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 200


def kept(where: tuple[str, str]) -> float:
    """How much the pause has kept so far."""
    with urllib.request.urlopen(f"{where[0]}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(each.split()[-1]) for each in lines if 'effects_total{measure="updates-suspended"' in each)


def share_of(run, service: str) -> float:
    """Which share of its pages is of a service."""
    pages = frames.pages(run)
    return float(pages.loc[pages["service"] == service, "count"].sum() / pages["count"].sum())


def shed(run) -> int:
    """How many of its pages were refused on purpose."""
    pages = frames.pages(run)
    return int(pages.loc[pages["outcome"] == "shed", "count"].sum())


def test_seven_o_clock_with_and_without_the_pause(free_sandbox, tmp_path: Path) -> None:
    """More come at 7:00 with the pause; what was written in it was kept, not refused."""
    switch(free_sandbox, "updates-suspended", on=True)
    try:
        before = kept(free_sandbox)
        usual = run("ordinary-monday", free_sandbox, tmp_path / "without", compression="450")
        assert (kept(free_sandbox) > before, shed(usual)) == (True, 0)
    finally:
        switch(free_sandbox, "updates-suspended", on=False)
    paused = run("pause-numerique-monday", free_sandbox, tmp_path / "with", compression="450")
    offered = [len(frames.window_visits(each)) for each in (paused, usual)]
    assert offered[0] > 3 * offered[1] > 0


def test_teachers_enter_marks_on_the_evening_of_the_marks(entsurge, free_sandbox, tmp_path: Path) -> None:
    """18:00, a Monday: pupils come for their marks while teachers enter more, which `cleanup` could take back."""
    done = entsurge(
        "run", "marks-fixed-hour", "--day", "1", "--target", free_sandbox[0], "--compression", "450", "--out", "run",
        "--exporter-port", "0", "--quiet", "--scale", "1/120", env={"ENTSURGE_ADMIN_TOKEN": free_sandbox[1]},
    )  # fmt: skip
    assert (tmp_path / "run" / "created.jsonl").is_file(), done.stdout + done.stderr
    found = read_run(tmp_path / "run")
    assert share_of(found, "marks") > 0
    created = (tmp_path / "run" / "created.jsonl").read_text("utf-8")
    assert "/notes/" in created


def test_everybody_changes_the_password_on_moodles_face(entsurge, quick_profile: Path, tmp_path: Path) -> None:
    """Each first sign-on passes Moodle's own form, as a hop of its own, and visits go on behind it."""
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = replace(settings, speak="moodle", unlimited=True, default_seconds=0.01, service_seconds={})
    with sandbox(quick.to_json()) as where:
        (tmp_path / "cible.toml").write_text(
            f'name = "moodle"\nurl = "{where[0]}"\ndriver = "moodle"\n'
            'stand_in = { absences = "home", video-class = "home" }\n'
            f'[writes]\npasswords = "test-accounts"\n{CHANGE.replace("{url}", where[0])}',
            encoding="utf-8",
        )
        switch(where, "password-change", on=True)
        done = entsurge(
            "run", str(quick_profile), "--target", "cible.toml", "--out", "run", "--exporter-port", "0", "--quiet",
            "--scale", "1/120",
        )  # fmt: skip
    assert (tmp_path / "run" / "manifest.json").is_file(), done.stdout + done.stderr
    found = read_run(tmp_path / "run")
    assert set(frames.visits(found)["sign_on"]) == {"ok"}, done.stdout + done.stderr
    hops = {each.outcome for each in found.series.keys if (each.kind, each.page) == ("hop", "interstitial")}
    assert hops == {"ok"}
