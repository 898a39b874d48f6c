"""The comparison as its reader has it: terminal, HTML, Markdown, JSON, both languages; other plans refused or named."""

import json
from pathlib import Path

import pytest
from tests.analysis.records import pages, record

from entsurge.cli import main


def runs(tmp_path: Path, factors: list[float], **manifest: object) -> list[str]:
    """A run for every factor, in order of time; two pages, one with a hostile name."""
    found = []
    for at, factor in enumerate(factors):
        rows = pages(count=60, seconds=0.3 * factor * (1 + at % 3 / 200)) + pages(
            page="<b>x</b>|y", count=60, seconds=0.5
        )
        told = {"started_utc": f"2026-01-{at + 1:02}T00:00:00+00:00", "plan_digest": f"{at:064}"} | manifest
        found.append(str(record(tmp_path, rows, **told)))
    return found


def called(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *arguments])
    return int(ended.value.code or 0)


def test_a_slower_candidate_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten baselines, three candidates a quarter slower: exit code 3; page, date of the change and seeds are said."""
    paths = runs(tmp_path, [1.0] * 10 + [1.25] * 3)
    out = tmp_path / "out"
    code = called(*paths[:10], "--candidate", *paths[10:], "--out", str(out))
    assert code == 3
    said = capsys.readouterr().out
    assert "✗ student homework     read-homework" in said
    assert "from run-10 on: student homework read-homework" in said
    data = json.loads((out / "comparison.json").read_text())
    assert [page["page"] for page in data["pages"] if page["state"] == "regression"] == ["read-homework"]
    assert [(change["run"], change["page"]) for change in data["history"]["changes"]] == [("run-10", "read-homework")]
    for language, slower, seed in (("fr", "plus lente", "visites tirées"), ("en", "slower", "visits drawn")):
        page = (out / f"comparison.{language}.html").read_text(encoding="utf-8")
        text = (out / f"comparison.{language}.md").read_text(encoding="utf-8")
        assert f"✗ {slower}" in page
        assert f"✗ {slower}" in text
        assert seed in page
        assert "<b>x</b>" not in page + text
        assert "&lt;b&gt;x" in page
        assert "http" not in page


def test_two_runs_are_no_history(tmp_path: Path) -> None:
    """When a change began was not looked for, which is not that there was none."""
    assert called(*runs(tmp_path, [1.0, 1.0]), "--out", str(tmp_path / "out")) == 0
    assert "Not looked for: it takes at least 6 runs." in (tmp_path / "out" / "comparison.en.html").read_text("utf-8")
    assert "Non recherché" in (tmp_path / "out" / "comparison.fr.md").read_text("utf-8")


def test_without_candidates_the_latest_is_held_against_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the order in which they are named, a folder of them included."""
    runs(tmp_path, [1.0] * 5 + [1.3])
    assert called(str(tmp_path), "--json") == 0  # one against five cannot show anything
    data = json.loads(capsys.readouterr().out)
    assert data["candidates"] == ["run-5"]
    assert data["can_show"] is False
    assert max(page["ratio"] for page in data["pages"]) == pytest.approx(1.3, rel=0.02)


def test_other_plans_are_refused_or_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with both profiles; with --other-plan they are compared and the difference stands in the output."""
    paths = runs(tmp_path, [1.0]) + runs(tmp_path, [1.0], profile="q")
    assert called(*paths) == 2
    assert "runs of different profile are not compared: p / q" in capsys.readouterr().err
    assert called(*paths, "--other-plan") == 0
    assert "the plans differ in profile: p / q" in capsys.readouterr().out


def test_one_run_thirty_one_runs_and_garbage_are_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each said in one line."""
    [path] = runs(tmp_path, [1.0])
    assert called(path) == 2
    assert called(path, str(tmp_path / "nothing")) == 2
    for number in range(31):
        (tmp_path / "many" / f"{number}").mkdir(parents=True)
        (tmp_path / "many" / f"{number}" / "manifest.json").write_text("{}")
    assert called(str(tmp_path / "many")) == 2
    said = capsys.readouterr().err
    assert "2 to 30 runs" in said
    assert "31 runs; at most 30" in said
    assert "Traceback" not in said
