"""The comparison as its reader has it: terminal, HTML, Markdown, JSON, both languages; other plans refused or named."""

import json
from pathlib import Path

import pytest
from tests.analysis.records import pages, record
from tests.typography import still

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
        assert "http" not in still(page)
        assert page.count("<script") == 2  # the chart's data, and what reads them


def test_what_could_have_gone_unseen_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four a side that differ by a fifth: amber, from where on it shows, how many runs would do, what is left out."""
    paths = runs(tmp_path, [1.0, 1.25, 0.85, 1.1, 1.15, 1.2, 0.9, 1.3])
    rare = [row for page in ("rare-1", "rare-2") for row in pages(page=page, count=7)]
    paths[0] = str(record(tmp_path, rare + pages(count=60), started_utc="2026-01-01T00:00:00+00:00"))
    out = tmp_path / "out"
    assert called(*paths[:4], "--candidate", *paths[4:], "--out", str(out)) == 0
    said = capsys.readouterr().out
    assert "? no regression beyond chance" in said
    assert "unseen: a slowdown of 10% could have gone unseen for 3 of 3 personas and services" in said
    assert "shown from +" in said
    assert called(*paths[:4], "--candidate", *paths[4:], "--strict") == 4
    for language, unseen, whom, reason in (
        ("fr", "a pu passer inaperçu", "Élèves · Travail à faire", "trop peu demandé"),
        ("en", "could have gone unseen", "Pupils · Homework", "too rarely asked for"),
    ):
        page = (out / f"comparison.{language}.html").read_text(encoding="utf-8")
        text = (out / f"comparison.{language}.md").read_text(encoding="utf-8")
        assert f'? {unseen}</th><td class="text">{whom}</td>' in page
        assert f"| ? {unseen} | {whom} |" in text
        assert 'class="card warn"' in page
        assert f"| {reason} | {whom} · rare-1 | 0 | 0 … 7 |" in text


def test_a_change_of_a_persona_is_dated_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rare pages that have no level of their own: the persona's and the service's change is dated."""
    paths = []
    for at, factor in enumerate([1.0] * 6 + [1.4] * 4):
        rows = [row for page in range(10) for row in pages(page=f"p{page}", count=9, seconds=0.3 * factor)]
        paths.append(str(record(tmp_path, rows, started_utc=f"2026-01-{at + 1:02}T00:00:00+00:00")))
    assert called(*paths[:6], "--candidate", *paths[6:], "--out", str(tmp_path / "out")) == 3
    said = capsys.readouterr().out
    for name in ("everybody", "student", "student homework"):
        assert f"from run-6 on: {name} 0.3" in said
    assert "Élèves · Travail à faire | " in (tmp_path / "out" / "comparison.fr.md").read_text(encoding="utf-8")


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
