"""The report: complete, offline, escaped, the same words in both languages."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from junitparser import JUnitXml
from tests.render.records import record, with_everything

from entsurge import content
from entsurge.record.run_directory import write_json
from entsurge.render import write_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over a run that held and one that did not."""
    folder = tmp_path_factory.mktemp("report")
    runs = [record(folder / "a", name="calm"), with_everything(folder / "b")]
    write_report(runs, folder, formats=("html", "json", "junit", "md"))
    return folder


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_text_from_a_target_is_escaped(report: Path, language: str) -> None:
    """Hostile pages, headers, signatures and names stay text, in HTML and in Markdown."""
    page = (report / f"report.{language}.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in (report / f"report.{language}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_needs_no_network(report: Path, language: str) -> None:
    """No address but those of namespaces, no script, no import; under 3 MB."""
    page = (report / f"report.{language}.html").read_text(encoding="utf-8")
    loaded = re.findall(r"""(?:src|href)=["'](https?:[^"']+)""", page)
    assert loaded == []
    assert "@import" not in page
    assert len(page) < 3_000_000


def test_json_and_junit_say_the_same(report: Path) -> None:
    """Verdicts of the JSON, failures of the JUnit: the second run missed its objectives for both personas."""
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [run["verdict"] for run in data["runs"]] == ["PASS", "FAIL"]
    suites = JUnitXml.fromfile(str(report / "report.junit.xml"))
    assert [suite.failures for suite in suites] == [0, 2]
    assert data["runs"][1]["continuity"]["students"] == {"came": 120, "read": 0, "per_100": 0.0}
    assert data["runs"][1]["matrix"]["cells"]["student"]["homework"]["state"] == "bad"
    assert data["runs"][1]["continuity"]["schools_cut_off"]["count"] == 0


def test_both_languages_have_the_same_keys() -> None:
    """A message in one catalogue is in the other, with the same fields between braces."""

    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        if isinstance(value, list):
            return [shape(item) for item in value]
        return sorted(re.findall(r"\{(\w+)\}", str(value)))

    french, english = (
        tomllib.loads((content.root("reports") / f"messages.{language}.toml").read_text()) for language in ("fr", "en")
    )
    assert shape(french) == shape(english)


@pytest.mark.parametrize("cut", ["series.arrows", "visits.arrows", "gauges.jsonl"])
def test_a_truncated_file_is_said_and_survived(tmp_path: Path, cut: str) -> None:
    """The last batch or line half written: the rest is read, the note is in the report."""
    path = record(tmp_path / "run", name="cut")
    data = (path / cut).read_bytes()
    (path / cut).write_bytes(data[: -len(data) // 3])
    write_report([path], tmp_path / "out")
    found = json.loads((tmp_path / "out" / "report.json").read_text())["runs"][0]
    assert any(cut in note for note in found["notes"])


def test_a_run_broken_off_is_invalid(tmp_path: Path) -> None:
    """Without finish.json the verdict is INVALID, and the report is there."""
    path = record(tmp_path / "run", name="gone")
    (path / "finish.json").unlink()
    write_report([path], tmp_path / "out")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["runs"][0]["verdict"] == "INVALID"


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """A run directory of the future is not guessed at."""
    write_json(tmp_path / "manifest.json", {"format": 99})
    with pytest.raises(Exception, match="format 99"):
        write_report([tmp_path], tmp_path / "out")


def in_browser(page: Path, profile: Path) -> str:
    """The page as headless Chromium sees it."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --dump-dom"
    )
    command = ["chromium", *flags.split(), f"--user-data-dir={profile}", f"file://{page}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_four_figures(report: Path, tmp_path: Path) -> None:
    """Headless Chromium opens the French page without a network and finds verdicts and the four figures."""
    page = in_browser(report / "report.fr.html", tmp_path)
    for words in ("Les quatre chiffres", "Visites", "Pages vues", "Minutes par visite", "Pages par visite", "Pas tenu"):
        assert words in page
    assert "+43" in page
    assert "<svg" in page
