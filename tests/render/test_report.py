"""The report: complete, offline, escaped, the same words in both languages."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from junitparser import JUnitXml

from entsurge import content
from entsurge.record.recorder import Key, Recorder
from entsurge.record.run_directory import RunDirectory, write_json
from entsurge.render import write_report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SERVICES = ("home", "homework")


def record(path: Path, *, name: str, served: bool = True) -> Path:
    """A small run directory as the engine would leave it: 120 pupils and 80 teachers of two pages each."""
    directory = RunDirectory(path)
    recorder = Recorder(directory)
    figures = {"visits": 200.0, "page_views": 400.0, "minutes_per_visit": 2.0, "pages_per_visit": 2.0}
    planned = {"student": 120, "teacher": 80}
    manifest = {
        "format": 1, "name": name, "title": {"fr": name, "en": name}, "profile": "quick", "seed": 1, "scale": "1/86",
        "versions": {"entsurge": "0"}, "plan_digest": "0" * 64, "content": [], "compression": 45.0,
        "target": {"url": "http://127.0.0.1:1", "driver": "portal", "name": HOSTILE}, "protected": ["student"],
        "started_utc": "2026-01-01T00:00:00+00:00",
        "window": {"day": "monday", "from": "09:00", "to": "09:30"}, "perturbations": [], "population": {},
        "phases": [
            {"name": "warm-up", "start_s": 0, "end_s": 1}, {"name": "surge", "start_s": 1, "end_s": 11},
            {"name": "drain", "start_s": 11, "end_s": 20},
        ],
        "figures": {"published": {key: {"value": value, "change_percent": 43.0} for key, value in figures.items()},
                    "week": figures, "window": figures},
        "planned": {
            who: {"visits": n, "page_views": 2 * n, "services": dict.fromkeys(SERVICES, n)}
            for who, n in planned.items()
        },
        "objectives": [
            {"id": "o", "persona": "*", "service": "*", "phase": "surge", "must": "errors < 5%", "required": True}
        ],
    }  # fmt: skip
    directory.write_json("manifest.json", manifest)
    outcome = "ok" if served else "failed"
    for who, count in planned.items():
        for number in range(count):
            for service in SERVICES:
                recorder.page(Key("page", who, "Lyon", service, "read", "surge", outcome), 300_000 + number, 300_000)
            cells = [
                {"service": service, "planned": 1, "ok": int(served), "shed": 0, "failed": int(not served), "lost": 0}
                for service in SERVICES
            ]
            recorder.visit(
                {
                    "name": f"{who}/{number}", "persona": who, "group": "Lyon", "school": "9990001X", "phase": "surge",
                    "due_us": 1_000_000, "start_us": 1_000_000, "end_us": 4_000_000, "planned": 2, "ok": 2 * served,
                    "shed": 0, "failed": 2 * (not served), "lost": 0, "unserved": 0, "planned_gap_us": 3_000_000,
                    "waiting_us": 600_000, "work_planned": True, "work_served": served, "services": cells,
                    "sign_on": "ok", "end": "completed",
                }
            )  # fmt: skip
    example = {
        "outcome": "failed", "persona": "student", "service": "home", "page": HOSTILE,
        "request": {"method": "GET", "url": HOSTILE, "headers": {}},
        "response": {"status": 500, "headers": {HOSTILE: HOSTILE}, "excerpt": HOSTILE}, "traceback": HOSTILE,
    }  # fmt: skip
    recorder.failure(1.0, HOSTILE, example)
    recorder.fold(2)
    directory.append("gauges.jsonl", {"t": 3, "offered": 200, "started": 200, "lost": 0, "visitors": {"student": 5}})
    little = {"gauge_mean": 1.0, "from_visits": 1.0, "residual": 0.0, "judged": True}
    directory.write_json("finish.json", {"end": "completed", "little": little, "cpu_share": 0.1, "signatures": {}})
    directory.close()
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over a run that held and one that did not."""
    folder = tmp_path_factory.mktemp("report")
    runs = [record(folder / "a", name="calm"), record(folder / "b", name="storm", served=False)]
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
