"""The report: complete, offline, escaped, the same words in both languages."""

import json
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from tests.render.records import record

from entsurge.errors import UsageError
from entsurge.findings.perturbation import Perturbation
from entsurge.record.writer import write_json
from entsurge.render import write_report
from entsurge.render.findings import findings
from entsurge.render.html import command


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_text_from_a_target_is_escaped(report: Path, language: str) -> None:
    """Hostile pages, headers, signatures and names stay text, in HTML and in Markdown."""
    page = (report / f"report.{language}.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, flags=re.DOTALL)
    (running,) = [text for kind, text in scripts if not kind]
    assert "alert(1)" not in running
    for kind, text in scripts:
        if kind:
            assert kind == ' type="application/json" class="values"'
            assert json.loads(text)["config"]
            assert "<" not in text
    page = re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in (report / f"report.{language}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_needs_no_network(report: Path, language: str) -> None:
    """No address but those of namespaces, no script from elsewhere, no import; under 3 MB."""
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
    assert data["runs"][1]["continuity"]["students"] == {
        "came": 120, "done": 0, "per_100": 0.0, "unmeasured": "",
    }  # fmt: skip
    assert data["runs"][1]["matrix"]["cells"]["student"]["homework"]["state"] == "bad"
    assert data["runs"][1]["continuity"]["schools_cut_off"]["count"] == 0


def test_where_requests_time_went_is_shown_in_both_forms(report: Path) -> None:
    """Protocols, connections and handshakes a visit, TLS of both kinds; a run that recorded none says so."""
    page = (report / "report.en.html").read_text(encoding="utf-8")
    short = (report / "report.en.md").read_text(encoding="utf-8")
    for text in (page, short):
        assert "40 requests answered: HTTP/1.1 25.0%, HTTP/2 75.0%." in text
        assert "200 visits made 10 connections, 0.05 each, with 5 whole TLS handshakes (0.02 each)" in text
    cells = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>.*?</tr>", page)]
    assert any("TLS, resumed||5||0.90\u202fms" in cell for cell in cells)
    assert page.count("Where the time went was not recorded") == 1
    assert "La première requête a reçu sa réponse en HTTP/2, TLSv1.3" in (report / "report.fr.html").read_text("utf-8")


@pytest.mark.parametrize("cut", ["series.arrows", "visits.arrows", "gauges.jsonl", "keys.json", "finish.json"])
def test_a_truncated_file_is_said_and_survived(tmp_path: Path, cut: str) -> None:
    """A file half written: the rest is read, the note is in the report."""
    path = record(tmp_path / "run", name="cut")
    data = (path / cut).read_bytes()
    (path / cut).write_bytes(data[: -len(data) // 3])
    found = data_of(path, tmp_path)
    assert any(cut in note for note in found["notes"])


@pytest.mark.parametrize("gone", ["series.arrows", "visits.arrows"])
def test_a_missing_file_is_said_and_survived(tmp_path: Path, gone: str) -> None:
    """No samples, or no visits: a note, and a page in both languages all the same."""
    path = record(tmp_path / "run", name="gone")
    (path / gone).unlink()
    write_report([path], tmp_path / "out")
    found = json.loads((tmp_path / "out" / "report.json").read_text())["runs"][0]
    assert any(gone in note for note in found["notes"])
    assert gone in (tmp_path / "out" / "report.fr.html").read_text()


def test_a_run_without_a_request_is_invalid_and_has_a_page(tmp_path: Path) -> None:
    """Nothing but a manifest, as after a crash at the start: INVALID, and as much of the report as can be made."""
    path = record(tmp_path / "run", name="empty")
    for each in path.iterdir():
        if each.name != "manifest.json":
            each.unlink()
    write_report([path], tmp_path / "out")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["runs"][0]["verdict"] == "INVALID"
    page = (tmp_path / "out" / "report.fr.html").read_text()
    assert "Essai non fiable" in page
    assert "finish.json" in page


def test_an_objective_on_what_does_not_exist_leaves_the_rest_of_the_report(tmp_path: Path) -> None:
    """The service is named in a note, the verdict is INCONCLUSIVE, continuity and figures are there."""
    wrong = {"id": "o", "persona": "*", "service": "cafeteria", "phase": "surge", "must": "p95 < 1s", "required": True}
    found = data_of(record(tmp_path / "run", name="wrong", objectives=[wrong]), tmp_path)
    assert any("cafeteria" in note for note in found["notes"])
    assert found["verdict"] == "INCONCLUSIVE"
    assert found["continuity"]["students"]["per_100"] == 100


def test_a_run_broken_off_is_invalid(tmp_path: Path) -> None:
    """Without finish.json the verdict is INVALID, and the report is there."""
    path = record(tmp_path / "run", name="gone")
    (path / "finish.json").unlink()
    assert data_of(path, tmp_path)["verdict"] == "INVALID"


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"format": 99}, "format 99"),
        ({"format": 1, "name": "x"}, "phases"),
        ([], "format None"),
        ({}, "format None"),
    ],
)
def test_a_directory_that_cannot_be_read_is_refused(tmp_path: Path, manifest: object, said: str) -> None:
    """A format of the future, a manifest without what is needed, or none: a usage error that names it."""
    write_json(tmp_path / "manifest.json", manifest)
    with pytest.raises(UsageError, match=said):
        write_report([tmp_path], tmp_path / "out")


def data_of(run: Path, folder: Path) -> dict[str, Any]:
    """What the report says of a run, without drawing it."""
    write_report([run], folder / "out", formats=("json",))
    found: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())["runs"][0]
    return found


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


def test_the_command_says_all_that_was_asked(tmp_path: Path) -> None:
    """Target file, driver, perturbations with their times, control share and scrapes; quoted for a shell."""
    (found,) = findings([record(tmp_path, name="calm")]).runs
    slow = Perturbation(
        id="sso-slow", kind="fault", title={"fr": "", "en": ""}, defers=[], start_s=0.0, end_s=1.0, planned_end_s=1.0,
        when="09:02+6min",
    )  # fmt: skip
    run = replace(
        found, profile="lockdown-2020", target={"url": "http://127.0.0.1:8080"}, scale="1/172", compression=90.0,
        seed=9, control_share=0.1, edge_of="http://127.0.0.1:9090", content=[],
        perturbations=[slow, replace(slow, id="static-home", when="")],
        scrape=[{"url": "/metrics", "series": ['pages{kind="home"}', "queue"]}],
    )  # fmt: skip
    assert shlex.split(command(run)) == [
        "entsurge", "run", "lockdown-2020", "--target", "http://127.0.0.1:9090", "--scale", "1/172",
        "--compression", "90", "--seed", "9", "--chaos", "sso-slow@09:02+6min", "--chaos", "static-home",
        "--control-share", "0.1", "--scrape", "/metrics", 'pages{kind="home"},queue',
    ]  # fmt: skip
    driver = {"kind": "driver", "path": "ours.toml", "sha256": ""}
    named = replace(run, content=[{"kind": "target", "path": "preprod.toml", "sha256": ""}, driver])
    assert shlex.split(command(named))[3:5] == ["--target", "preprod.toml"]
    alone = replace(run, content=[driver])
    assert shlex.split(command(alone))[5:7] == ["--driver", "ours.toml"]
