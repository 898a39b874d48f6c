"""A fifth persona, added from outside the package: on the sandbox, through run and report, in both languages."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import inspectors
from tests.verdicts import agrees

from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox

FULL = bool(int(os.environ.get("ENTSURGE_FULL") or 0))


@pytest.fixture(scope="module")
def ours(quick_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick profile with inspectors who are not protected, in a folder of the operator's."""
    inspector = inspectors.INSPECTOR.replace("protected = true", "protected = false").replace("share = 6", "share = 60")
    few = quick_profile.read_text(encoding="utf-8").replace('scale = "1/40"', 'scale = "1/160"')
    # a busy machine may be late: there is time to drain, and the run ends as soon as everybody has left
    patient = few.replace("drain_seconds = 8", "drain_seconds = 150")
    return inspectors.write(tmp_path_factory.mktemp("ours"), patient, inspector=inspector)


@pytest.fixture(scope="module")
def with_inspectors(ours: Path) -> Iterator[tuple[str, str]]:
    """A sandbox of the profile's people, its limits lifted: URL and admin token."""
    settings = demo_settings(profiles.load(str(ours)))
    quick = type(settings)(**vars(settings) | {"unlimited": True, "default_seconds": 0.01, "service_seconds": {}})
    with sandbox(quick.to_json()) as found:
        yield found


def test_inspectors_come_are_served_and_are_told_of(entsurge, ours, with_inspectors, tmp_path) -> None:
    """Every planned visit of theirs is started and served; the report names them, from the run directory alone."""
    done = entsurge(
        "run", str(ours), "--target", with_inspectors[0], "--out", "r", "--exporter-port", "0",
        "--processes", "2" if FULL else "1",
    )  # fmt: skip
    assert agrees(tmp_path / "r", done.returncode), done.stdout + done.stderr
    run = read_run(tmp_path / "r")
    visits = frames.window_visits(run)[frames.window_visits(run)["persona"] == "inspector"]
    assert len(visits) == run.manifest["planned"]["inspector"]["visits"] > 5
    assert set(visits["end"]) == {"completed"}
    assert int(visits["ok"].sum()) == run.manifest["planned"]["inspector"]["page_views"]
    assert run.finish["offered"] == run.finish["started"] == len(frames.visits(run))
    assert all("inspector" in each["visitors"] for each in run.gauges)
    assert run.manifest["personas"][-1]["key"] == "inspector"
    alone = tmp_path / "elsewhere"
    shutil.move(tmp_path / "r", alone)
    told = entsurge("report", str(alone), "--out", "again", "--format", "html,md,json,junit")
    assert told.returncode == 0, told.stderr
    french, english = (tmp_path / "again" / f"report.{language}.html" for language in ("fr", "en"))
    assert "Sur 100 inspecteurs, ont obtenu leur travail" in french.read_text("utf-8")
    assert '<th scope="row">Inspecteurs</th>' in french.read_text("utf-8")
    assert "Of 100 inspectors who came, obtained their work" in english.read_text("utf-8")
    assert '<th scope="row">Inspectors</th>' in english.read_text("utf-8")
    data = json.loads((tmp_path / "again" / "report.json").read_text("utf-8"))["runs"][0]
    assert data["matrix"]["personas"] == ["student", "teacher", "parent", "staff", "inspector"]
    work = data["continuity"]["others"][0]
    assert work["persona"] == "inspector"
    assert work["came"] == work["done"] > 0
    assert "inspector * surge" in (tmp_path / "again" / "report.junit.xml").read_text("utf-8")
    assert entsurge("gate", str(alone)).returncode == done.returncode


def test_a_measure_that_defers_staff_defers_them(entsurge, ours, with_inspectors, tmp_path) -> None:
    """With pupils and teachers first inspectors are refused as the staff are, and the report says deferred."""
    done = entsurge(
        "run", str(ours), "--target", with_inspectors[0], "--out", "m", "--exporter-port", "0",
        "--chaos", "pupils-and-teachers-first", env={"ENTSURGE_ADMIN_TOKEN": with_inspectors[1]},
    )  # fmt: skip
    assert agrees(tmp_path / "m", done.returncode), done.stdout + done.stderr
    run = read_run(tmp_path / "m")
    assert run.deferred == {"parent", "staff", "inspector"}
    visits = frames.window_visits(run)
    assert set(visits.loc[visits["persona"] == "inspector", "end"]) == {"shed"}
    states = {
        each["persona"]: each["state"]
        for each in json.loads((tmp_path / "m" / "verdict.json").read_text("utf-8"))["objectives"]
    }
    assert states["inspector"] == "deferred"
    assert "les inspecteurs" in (tmp_path / "m" / "report.fr.html").read_text("utf-8")
    brief = entsurge("brief", "m", "--format", "md")
    assert brief.returncode == 0, brief.stderr
    assert "inspectors" in (tmp_path / "m" / "brief.en.md").read_text("utf-8")
