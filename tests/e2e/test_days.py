"""The library of days, each replayed for a few seconds against the sandbox, as its operator would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from entsurge import content
from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.commands.plan import command as plan
from entsurge.commands.processes import run_engine
from entsurge.engine.spec import RunSpec

# Each with something of its own: retries, a closed service, a page between; a barred persona, a whole country.
DAYS = ("monday-9h02-2021", "messaging-closed-2024", "password-change-2024")
MORE_DAYS = ("parents-barred-2021", "national-peak")
IN_ONE_RUN = (0, 4)  # days of the crisis fortnight: without a measure, with two
IN_TURN = {"crisis-fortnight": 10, "returns-2026-27": 8, "marks-fixed-hour": 2, "reopened-after-closure": 2}
SECONDS = ["--compression", "900", "--exporter-port", "0", "--quiet"]


@pytest.mark.parametrize("name", content.names("profiles"))
def test_every_shipped_profile_can_be_planned(name: str) -> None:
    """`entsurge plan NAME` shows the week, the window and what it rests on; as JSON too."""
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(plan, [name])
    assert shown.exit_code == 0, shown.output
    assert "visits" in shown.output
    if name not in ("ordinary-week", "lockdown-2020"):
        assert "Reasoned, not known:" in shown.output
    found = json.loads(CliRunner().invoke(plan, [name, "--json"]).output)
    assert found["window"]["visits"] > 100
    assert found["busiest"]["visits_per_second"] >= found["peak"]["total"]["visits_per_second"] * 0.999
    assert len(found.get("days", [])) == IN_TURN.get(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*DAYS, *(pytest.param(name, marks=pytest.mark.thorough) for name in MORE_DAYS)])
def test_every_day_can_be_run(free_sandbox, tmp_path: Path, name: str) -> None:
    """Three seconds of it: visits start to the unit, its measures are put in force."""
    spec = RunSpec(
        name, free_sandbox[0], str(tmp_path / "day"), overrides={"compression": "600"}, exporter_port=0, progress=False
    )
    assert run_engine(spec, token=free_sandbox[1]) == 0
    run = read_run(tmp_path / "day")
    assert run.finish["end"] == "completed"
    assert run.finish["offered"] == run.finish["started"] + run.finish["lost"] == len(frames.visits(run))
    applied = {each["id"] for each in run.events if each["kind"] == "perturbation" and each["state"] == "applied"}
    assert {each["id"] for each in run.manifest["perturbations"]} == applied == set(profiles.load(name).measures)
    if name == "password-change-2024":
        hops = {each.outcome for each in run.series.keys if (each.kind, each.page) == ("hop", "interstitial")}
        assert hops == {"ok"}
        assert set(frames.visits(run)["sign_on"]) == {"ok"}
    if name == "messaging-closed-2024":
        assert int(frames.pages(run).loc[frames.pages(run)["outcome"] == "shed", "count"].sum()) > 0


@pytest.mark.slow
def test_days_are_a_run_each_and_one_report(free_sandbox, tmp_path: Path) -> None:
    """Two of the crisis fortnight: each a run of its own under the day's measures, then one report on all of them."""
    head, *days = (content.root("profiles") / "crisis-fortnight.toml").read_text("utf-8").split("[[day]]")
    (tmp_path / "days.toml").write_text("[[day]]".join([head, *(days[at] for at in IN_ONE_RUN)]), encoding="utf-8")
    command = [sys.executable, "-m", "entsurge", "run", "./days.toml", "--target", free_sandbox[0], "--out", "all"]
    done = subprocess.run(
        [*command, "--scale", "1/200", *SECONDS], capture_output=True, text=True, cwd=tmp_path, timeout=200,
        check=False, env=os.environ | {"ENTSURGE_ADMIN_TOKEN": free_sandbox[1]},
    )  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    runs = [read_run(tmp_path / "all" / f"day-{number:02d}") for number in range(1, 3)]
    assert [run.manifest["window"]["day"] for run in runs] == ["monday", "friday"]
    assert [{each["id"] for each in run.manifest["perturbations"]} for run in runs] == [
        set(),
        {"pupils-and-teachers-first", "static-home"},
    ]
    assert (tmp_path / "all" / "report.fr.html").is_file()


def test_measures_without_a_token_are_refused_before_anything_is_sent(entsurge) -> None:
    """A profile with measures, no token: exit 2, which measures, and how to go without."""
    for name in ("messaging-closed-2024", "crisis-fortnight"):
        done = entsurge("run", name, "--target", "http://127.0.0.1:9", env={"ENTSURGE_ADMIN_TOKEN": ""})
        assert done.returncode == 2, done.stderr
        assert "--without-measures" in done.stderr
    gone = entsurge("run", "crisis-fortnight", "--target", "http://127.0.0.1:9", "--without-measures", "--quiet")
    assert gone.returncode == 6, gone.stderr
