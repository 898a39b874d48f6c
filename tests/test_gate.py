"""The gate by its command line: exit codes and their precedence, bad input, baselines, and what CI systems read."""

import io
import json
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
from junitparser import JUnitXml
from tests.analysis.records import objective, pages, record
from tests.typography import plain

from entsurge.audience.objective import parse_objective
from entsurge.cli import main
from entsurge.gate import gate
from entsurge.render.ci import github_annotations

ROOT = Path(__file__).resolve().parent.parent
HELD = [objective("p95 < 1s"), objective("errors < 5%", id="e")]


def run(tmp_path: Path, *, slower: float = 1.0, jitter: int = 0, **manifest: object) -> Path:
    """A run of two pages, both slower by a factor, with a little of its own."""
    factor = slower * (1 + jitter / 200)
    rows = pages(count=60, seconds=0.3 * factor) + pages(count=60, seconds=0.5 * factor, page="read-homework-list")
    planned = {"student": {"visits": 0, "page_views": 120, "services": {}}}
    return record(tmp_path, rows, **{"objectives": HELD, "planned": planned} | manifest)


class Done(NamedTuple):
    """How a call ended."""

    returncode: int
    stdout: str
    stderr: str


def called(*arguments: object, **environment: str) -> Done:
    """`entsurge gate` as CI calls it, within this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in ("GITHUB_STEP_SUMMARY", "CI_JOB_URL"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["gate", *map(str, arguments)])
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def test_the_command_itself(tmp_path: Path) -> None:
    """In a process of its own: exit code, one line, nothing on stderr."""
    command = [sys.executable, "-m", "entsurge", "gate", str(run(tmp_path)), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PASS (0)")


def test_a_run_that_holds_passes_in_one_line(tmp_path: Path) -> None:
    """Exit code 0, and with --quiet nothing but the verdict."""
    done = called(run(tmp_path), "--quiet")
    assert (done.returncode, done.stdout) == (0, "PASS (0): 0 of 2 required objectives missed\n"), done.stderr


def test_a_missed_objective_is_3_and_named(tmp_path: Path) -> None:
    """With what was measured."""
    done = called(run(tmp_path, objectives=[objective("p95 < 100ms")]))
    assert done.returncode == 3
    assert "pupils: 95 of 100 pages within 0.5 s (objective: 0.1 s at most)" in plain(done.stdout.splitlines()[-1])


def test_a_file_of_objectives_replaces_the_runs_own(tmp_path: Path) -> None:
    """A stricter file misses; every fault of a wrong one is named with its key, exit code 2, nothing judged."""
    strict = tmp_path / "strict.toml"
    strict.write_text('[[objective]]\nphase = "surge"\nmust = "p95 < 100ms"\n')
    assert called(run(tmp_path), "--objectives", strict).returncode == 3
    strict.write_text(
        '[[objective]]\nphase = "warm-up"\nmust = "p95 < 100"\n[[objective]]\nphase = "surge"\nmust = "errors < 1%"\n'
        'service = "canteen"\n'
    )
    done = called(run(tmp_path), "--objectives", strict)
    assert done.returncode == 2
    for words in (
        "objective.0.phase",
        "character 10: found the end, expected a unit",
        "objective.1.service",
        "homework",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_service_in_a_run_is_2_with_what_is_known(tmp_path: Path) -> None:
    """Service, and the list of services."""
    done = called(run(tmp_path, objectives=[objective("p95 < 1s", service="canteen")]))
    assert done.returncode == 2
    assert "service = 'canteen' is unknown; known: *, sign-on, home" in done.stderr


def test_a_run_without_a_request_is_4(tmp_path: Path) -> None:
    """Not enough data is INCONCLUSIVE, never a pass."""
    done = called(record(tmp_path, objectives=HELD, planned={"student": {"visits": 0, "page_views": 9}}))
    assert done.returncode == 4
    assert "INCONCLUSIVE (4)" in plain(done.stdout.splitlines()[-1])


def test_a_newer_format_and_a_folder_that_is_none_are_2(tmp_path: Path) -> None:
    """Each with its name."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "manifest.json").write_text('{"format": 99}')
    done = called(tmp_path / "new")
    assert (done.returncode, "format 99" in done.stderr) == (2, True)
    done = called(tmp_path / "absent")
    assert (done.returncode, "absent: no run directory" in done.stderr) == (2, True)


@pytest.mark.parametrize("cut", ["series.arrows", "keys.json"])
def test_a_truncated_directory_is_judged_as_far_as_it_goes(cut: str, tmp_path: Path) -> None:
    """What is missing is said; no traceback; never a pass by accident."""
    path = run(tmp_path)
    data = (path / cut).read_bytes()
    (path / cut).write_bytes(data[: len(data) // 3])
    done = called(path)
    assert done.returncode == 4
    assert f"note: {cut}" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_run_broken_off_is_4_and_an_interrupted_one_130(tmp_path: Path) -> None:
    """The precedence of the documented codes: 130 before 4 before 3."""
    broken, stopped, missed = run(tmp_path), run(tmp_path), run(tmp_path, objectives=[objective("p95 < 1ms")])
    (broken / "finish.json").unlink()
    (stopped / "finish.json").write_text('{"end": "interrupted"}')
    assert called(broken).returncode == 4
    assert called(missed, broken).returncode == 4
    assert called(missed, broken, stopped).returncode == 130
    assert called(missed, run(tmp_path)).returncode == 3


def test_slower_than_ten_baselines_is_3(tmp_path: Path) -> None:
    """Objectives kept, but a quarter slower than the last ten: failed, scopes and both pages named, also in JUnit."""
    base = [run(tmp_path, jitter=jitter) for jitter in range(-5, 5)]
    new = [run(tmp_path, slower=1.25, jitter=jitter) for jitter in (-1, 0, 1)]
    done = called(*new, "--baseline", *base, "--junit", tmp_path / "out" / "gate.xml")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "3 personas and services of 3, 2 pages of 2 slower than in 10 baseline runs" in plain(
        done.stdout.splitlines()[-1]
    )
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(tmp_path / "out" / "gate.xml"))}
    assert suites["comparison with the baseline"].failures == 5  # everybody, pupils, pupils' homework, its two pages
    assert [suites[path.name].tests for path in new] == [2, 2, 2]
    same = called(*base[7:], "--baseline", *base[:7])
    assert same.returncode == 0, same.stdout


def unsteady(tmp_path: Path, factors: list[float]) -> list[Path]:
    """A run for every factor on the times."""
    return [run(tmp_path, slower=factor) for factor in factors]


BEFORE, AFTER = [1.0, 1.3, 0.8, 1.15], [1.2, 1.25, 0.95, 1.3]


def test_a_slowdown_that_could_not_be_seen_is_amber(tmp_path: Path) -> None:
    """Four a side that differ by a fifth: passes, says from where on it would have seen; 4 with --strict; in JUnit."""
    base, new, out = unsteady(tmp_path, BEFORE), unsteady(tmp_path, AFTER), tmp_path / "gate.xml"
    done = called(*new, "--baseline", *base, "--junit", out)
    assert done.returncode == 0, done.stdout
    assert "? NOT SHOWN WORSE than 4 baseline runs: 3 personas and services, 2 pages compared" in done.stdout
    assert "a slowdown of 10% could have gone unseen for 3 of 3 personas and services; at 80% power" in done.stdout
    assert re.search(r"pupils, homework: shown from \+\d+% on", done.stdout)
    assert done.stdout.splitlines()[-1].startswith("PASS (0)")
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(out))}
    assert (suites["comparison with the baseline"].skipped, suites["comparison with the baseline"].errors) == (3, 0)
    done = called(*new, "--baseline", *base, "--strict", "--junit", out, "--json", tmp_path / "gate.json")
    assert done.returncode == 4
    assert done.stdout.splitlines()[-1].startswith("INCONCLUSIVE (4): 0 of 8 required objectives missed")
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(out))}
    assert suites["comparison with the baseline"].errors == 3
    data = json.loads((tmp_path / "gate.json").read_text())
    assert (data["comparison"]["state"], data["too_small"]) == ("amber", True)


def test_strict_passes_what_would_have_been_seen_and_hides_no_miss(tmp_path: Path) -> None:
    """Runs that hardly differ: green, 0; a regression or a missed objective stays 3; no usable baseline is 4."""
    base = [run(tmp_path, jitter=jitter) for jitter in (-1, 0, 1, 2)]
    same = [run(tmp_path, jitter=jitter) for jitter in (-2, 0, 1, 1)]
    done = called(*same, "--baseline", *base, "--strict")
    assert (done.returncode, "✓ NO WORSE than 4 baseline runs" in done.stdout) == (0, True), done.stdout
    slow = [run(tmp_path, slower=1.4, jitter=jitter) for jitter in (-1, 0, 1, 2)]
    assert called(*slow, "--baseline", *base, "--strict").returncode == 3
    missed = run(tmp_path, objectives=[objective("p95 < 1ms")])
    assert called(missed, "--baseline", *unsteady(tmp_path, BEFORE), "--strict").returncode == 3
    broken = run(tmp_path)
    (broken / "finish.json").unlink()
    summary, out = tmp_path / "summary.md", tmp_path / "gate.xml"
    given = {"GITHUB_STEP_SUMMARY": str(summary)}
    done = called(*same, "--baseline", broken, "--strict", "--github", "--junit", out, **given)
    assert done.returncode == 4
    assert "INCONCLUSIVE (4): " in done.stdout
    assert "::error title=nothing was compared::" in done.stdout
    assert "### ? Nothing was compared" in summary.read_text(encoding="utf-8")
    assert JUnitXml.fromfile(str(out)).errors == 1
    done = called(*same, "--baseline", broken, "--github")
    assert (done.returncode, "::warning title=nothing was compared::" in done.stdout) == (0, True)


def test_ci_systems_are_warned_of_what_could_not_be_seen(tmp_path: Path) -> None:
    """GitHub: one warning and a summary in French with the smallest change; GitLab: a link."""
    base, new, summary = unsteady(tmp_path, BEFORE), unsteady(tmp_path, AFTER), tmp_path / "summary.md"
    given = {"GITHUB_STEP_SUMMARY": str(summary), "CI_JOB_URL": "https://gitlab.example/job/1"}
    done = called(*new, "--baseline", *base, "--github", "--gitlab", tmp_path / "ci", "--lang", "fr", **given)
    warnings = [line for line in done.stdout.splitlines() if line.startswith("::warning")]
    assert len(warnings) == 1
    missed = "title=un ralentissement a pu passer inaperçu::un ralentissement de 10 %25 a pu passer inaperçu pour 3"
    assert missed in plain(warnings[0])
    text = plain(summary.read_text(encoding="utf-8"))
    assert "### ? Aucune dégradation démontrée" in text
    assert "Montré à partir de" in text
    assert "| ? tous |" in text
    assert "un ralentissement de 10 % a pu passer inaperçu pour 3 publics et services sur 3" in text
    links = json.loads((tmp_path / "ci" / "annotations.json").read_text())["entsurge"]
    assert any(link["external_link"]["label"].startswith("un ralentissement a pu passer inaperçu") for link in links)


def test_one_run_a_side_is_judged_by_its_own_objectives(tmp_path: Path) -> None:
    """Twice as slow, one run each: the ratio is shown, the verdict is the objectives'."""
    done = called(run(tmp_path, slower=1.9), "--baseline", run(tmp_path))
    assert done.returncode == 0
    assert "× 1.90" in done.stdout
    assert "cannot show a difference beyond chance" in done.stdout


def test_a_run_that_is_baseline_and_candidate_is_2_and_named(tmp_path: Path) -> None:
    """Itself by another path, or its copy under another name: nothing is said of a run held against itself."""
    path = run(tmp_path)
    copy = shutil.copytree(path, tmp_path / "copy")
    itself = called(path, "--baseline", tmp_path / "copy" / ".." / path.name, run(tmp_path, jitter=1))
    assert itself.returncode == 2
    assert f"{path.name}: a baseline and a candidate at once" in itself.stderr
    again = called(path, "--baseline", copy)
    assert again.returncode == 2
    assert f"{copy}: the same run as the candidate {path}" in again.stderr
    assert "name other runs as baselines" in again.stderr
    assert f"{copy} : le même tir que le candidat {path}" in plain(called(path, "--baseline", copy, LANG="fr").stderr)


def test_a_candidate_in_a_folder_of_baselines_is_left_out_with_a_remark(tmp_path: Path) -> None:
    """CI may keep all runs in one folder: the others are the baselines; one of the same plan and start is another."""
    path = run(tmp_path)
    run(tmp_path, jitter=1, name=path.name)
    done = called(path, "--baseline", tmp_path)
    assert done.returncode == 0
    assert f"baseline {path.name} left out: it is a candidate itself" in done.stdout
    assert "1 baseline run:" in done.stdout


def test_a_factor_on_the_baseline_needs_a_baseline(tmp_path: Path) -> None:
    """Without one it is not judged; with ten and three it is missed."""
    relative = [*HELD, objective("p95 < 1.2 x baseline", id="r")]
    base = [run(tmp_path, jitter=jitter) for jitter in range(-5, 5)]
    new = [run(tmp_path, slower=1.4, jitter=jitter, objectives=relative) for jitter in (-1, 0, 1)]
    assert called(new[0]).returncode == 0
    found = gate(new, baselines=base)
    states = {each.id: each.state for each in found.verdicts[str(new[0])].objectives}
    assert states == {"o": "met", "e": "met", "r": "missed"}
    assert found.exit_code == 3


def test_a_baseline_of_another_profile_is_2_and_the_run_is_judged_all_the_same(tmp_path: Path) -> None:
    """Named, exit code 2; verdict and JUnit of the run are written."""
    path = run(tmp_path)
    done = called(path, "--baseline", run(tmp_path, profile="other"), "--junit", tmp_path / "gate.xml")
    assert done.returncode == 2
    assert "runs of different profile are not compared: other / p" in done.stderr
    assert json.loads((path / "verdict.json").read_text())["verdict"] == "PASS"
    assert JUnitXml.fromfile(str(tmp_path / "gate.xml")).tests == 2


def test_github_gets_a_summary_and_annotations(tmp_path: Path) -> None:
    """In the language asked for; hostile names cannot end a command or a table cell."""
    name = "a|b\n::error::<script>%"
    path = run(tmp_path, name=name, objectives=[objective("p95 < 100ms"), objective("errors < 5%", id="e")])
    summary = tmp_path / "summary.md"
    done = called(path, "--github", "--quiet", "--lang", "fr", GITHUB_STEP_SUMMARY=str(summary))
    lines = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert (
        plain(lines[0])
        .replace(" %3A", "%3A")
        .startswith("::error title=a|b%0A%3A%3Aerror%3A%3A<script>%25%3A objectif manqué::")
    )
    assert all(line.count("::") >= 2 for line in lines)
    text = summary.read_text(encoding="utf-8")
    assert "Pas tenu" in text
    assert "\\<script\\>" in text
    assert "| ✗ manqué | Élèves |" in text


def test_github_is_not_flooded(tmp_path: Path) -> None:
    """Fifty missed objectives: ten errors and the verdict."""
    path = run(tmp_path, objectives=[objective("p95 < 1ms", id=f"o{n}") for n in range(50)])
    lines = list(github_annotations(gate([path])))
    assert len([line for line in lines if line.startswith("::error")]) == 10
    assert lines[-1].startswith("::notice")


def test_gitlab_gets_a_load_performance_report_and_links(tmp_path: Path) -> None:
    """The metrics that its widget shows, with this run's figures; links only inside a job."""
    done = called(run(tmp_path), "--gitlab", tmp_path / "ci", CI_JOB_URL="https://gitlab.example/job/1")
    assert done.returncode == 0
    metrics = json.loads((tmp_path / "ci" / "load-performance.json").read_text())["metrics"]
    assert metrics["checks"] == {"passes": 2, "fails": 0, "value": 1.0}
    assert metrics["http_req_waiting"]["p(95)"] == pytest.approx(500, rel=1e-3)
    assert metrics["http_req_waiting"]["avg"] == pytest.approx(400, rel=1e-3)
    assert metrics["http_reqs"] == {"count": 120, "rate": 1.2}
    links = json.loads((tmp_path / "ci" / "annotations.json").read_text())["entsurge"]
    assert links[0]["external_link"]["label"].startswith("PASS (0)")
    called(run(tmp_path), "--gitlab", tmp_path / "bare")
    assert not (tmp_path / "bare" / "annotations.json").exists()


def test_an_output_that_cannot_be_written_is_7(tmp_path: Path) -> None:
    """A file where a folder is needed: said in one line."""
    (tmp_path / "file").write_text("")
    done = called(run(tmp_path), "--json", tmp_path / "file" / "gate.json")
    assert done.returncode == 7
    assert "Traceback" not in done.stderr


def test_the_documented_examples_are_objectives() -> None:
    """Every example of the grammar's table is one."""
    text = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    examples = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(examples) >= 9
    assert len({parse_objective(example).measure for example in examples}) == 7


def test_json_on_standard_output_is_alone_there(tmp_path: Path) -> None:
    """`--json -`: a program reads one stream, people the other."""
    done = called(run(tmp_path), "--json", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"].startswith("PASS")
    assert "PASS" in done.stderr
