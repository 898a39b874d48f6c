"""People who fail come back, and are counted apart from visits: by one process and by several."""

from pathlib import Path

import pytest

from entsurge import content
from entsurge.analysis import frames, read_run, report

TIMES = 3


@pytest.fixture
def insistent(quick_profile: Path, tmp_path: Path) -> Path:
    """The quick profile with parents who come back three times after 20 to 60 simulated seconds."""
    personas = (content.root("profiles") / "personas" / "high-schools.toml").read_text(encoding="utf-8")
    retry = f"retry = {{ times = {TIMES}, after_seconds = [20, 60] }}"
    personas = personas.replace("visit_share = 23.6", f"visit_share = 23.6\n{retry}")
    (tmp_path / "insistent.toml").write_text(personas, encoding="utf-8")
    text = quick_profile.read_text(encoding="utf-8").replace('"high-schools"', '"insistent.toml"')
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    return tmp_path / "ours.toml"


@pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=pytest.mark.thorough)])
def test_parents_put_off_come_back_and_are_no_visits(entsurge, insistent, free_sandbox, tmp_path, processes) -> None:
    """Each parent is refused 1 + 3 times; offered = started + lost to the unit; the keys tell the attempts apart."""
    done = entsurge(
        "run", str(insistent), "--target", free_sandbox[0], "--out", "r", "--exporter-port", "0",
        "--chaos", "pupils-and-teachers-first", "--processes", processes, env={"ENTSURGE_ADMIN_TOKEN": free_sandbox[1]},
    )  # fmt: skip
    assert done.returncode in (0, 4), done.stdout + done.stderr  # a busy machine may void the verdict, not the counts
    run = read_run(tmp_path / "r")
    parents = frames.visits(run)[frames.visits(run)["persona"] == "parent"]
    assert run.finish["offered"] == run.finish["started"] == len(frames.visits(run))
    assert run.finish["retries"]["due"]["parent"] == len(frames.retries(run)) == TIMES * len(parents) > 0
    assert run.finish["retries"]["started"]["parent"] == TIMES * len(parents)
    assert set(frames.retries(run)["attempt"]) == {1, 2, 3}
    assert set(frames.retries(run)["name"].str.partition("#")[0]) == set(parents["name"])
    assert len(frames.window_visits(run)) == run.manifest["figures"]["window"]["visits"]
    sign_ons = frames.pages(run)[
        (frames.pages(run)["service"] == "sign-on") & (frames.pages(run)["timing"] == "service")
    ]
    assert int(sign_ons["count"].sum()) == len(frames.visits(run))
    found = report([tmp_path / "r"]).runs[0]
    assert found.retries.by_persona["parent"].most == TIMES
    assert found.retries.more_sign_ons == pytest.approx(100 * found.retries.attempts / len(frames.window_visits(run)))
    assert "Ces tentatives ne sont pas des visites" in (tmp_path / "r" / "report.fr.html").read_text("utf-8")
