"""`entsurge simulate`: a run directory that everything reads, and that says everywhere that nobody was asked."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from entsurge import errors
from entsurge.analysis.comparison_report import comparison_report
from entsurge.audience.shape import DAYS
from entsurge.commands.brief import command as brief
from entsurge.commands.capacity import command as capacity
from entsurge.commands.simulate import command, days
from entsurge.errors import UsageError
from entsurge.gate import gate
from entsurge.render.comparison import view
from entsurge.render.gate_lines import gate_lines, one_line

MARK = {"fr": "SIMULÉ", "en": "SIMULATED"}


def simulate(out: Path, *more: str, name: str = "lockdown-2020") -> None:
    """Into this folder; raises what the command raises."""
    arguments = [name, "--on", "embedded-ent", "--quiet", "--out", str(out), *more]
    CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The lockdown's Monday morning without a measure, and with two."""
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder / "plain")
    simulate(folder / "helped", "--measure", "static-home", "--measure", "pupils-and-teachers-first")
    return folder / "plain", folder / "helped"


def test_every_page_and_every_verdict_says_that_it_is_simulated(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Report, brief, gate, JUnit, comparison and capacity note, in both languages."""
    plain, helped = runs
    verdict = json.loads((plain / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["simulated"]) == ("FAIL", "embedded-ent")
    result, runner = gate([plain]), CliRunner()
    assert verdict["sentences"][0]["code"] == "sentence.simulated"
    assert runner.invoke(brief, [str(plain), "--out", str(tmp_path)], catch_exceptions=False).exit_code == 0
    asked = ["--from", str(plain), "--from", str(helped), "--out", str(tmp_path / "note")]
    with pytest.raises(UsageError, match="do not belong together"):  # measures differ: as of runs
        runner.invoke(capacity, asked, catch_exceptions=False, standalone_mode=False)
    asked = ["--from", str(plain), "--out", str(tmp_path / "note")]
    runner.invoke(capacity, asked, catch_exceptions=False, standalone_mode=False)
    compared = comparison_report([plain], [helped], enforce=False)
    for language, mark in MARK.items():
        assert one_line(result, language).startswith(f"{mark} · ")
        assert f"{mark} " in gate_lines(result, language)[0].partition("SIMULATED")[2]
        pages = [plain / f"report.{language}.html", tmp_path / f"brief.{language}.html"]
        for page in (*pages, tmp_path / "note" / f"capacity.{language}.html"):
            text = page.read_text("utf-8")
            assert re.search(rf'class="[^"]*simulated"[^>]*><strong>{mark}', text), page
        assert mark in (tmp_path / f"brief.{language}.md").read_text("utf-8")
        assert view(compared, language)["verdict"].startswith(mark)


def test_measures_help_and_are_in_force_as_planned(runs: tuple[Path, Path]) -> None:
    """Parents and staff are turned away on purpose, and the others kept what they are owed."""
    _, helped = runs
    verdict = json.loads((helped / "verdict.json").read_text())
    assert verdict["verdict"] == "PASS"
    assert set(verdict["refused"]) == {"parent", "staff"}
    told = json.loads((helped / "manifest.json").read_text())
    assert [each["id"] for each in told["perturbations"]] == ["static-home", "pupils-and-teachers-first"]
    assert told["simulated"]["measures"] == ["static-home", "pupils-and-teachers-first"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--measure", "pray"), "no measure pray can be simulated"),
        (("--on", "nowhere"), "--on nowhere: no such deployment"),
        (("--week", "--from", "09:00"), "--week: the whole of seven days"),
        (("--from", "10:00", "--until", "09:00"), "must come after"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    """One sentence with what was found and what was expected; exit 2."""
    with pytest.raises(UsageError, match=re.escape(said)) as found:
        simulate(tmp_path / "out", *more)
    assert found.value.exit_code == errors.USAGE
    assert not (tmp_path / "out").exists()


def test_a_week_is_seven_whole_days_and_days_come_in_turn() -> None:
    """Each is a profile, and will be a run, of its own."""
    week = [each.file.window for each in days("lockdown-2020", {}, None, None, week=True)]
    assert [window.day for window in week] == list(DAYS)
    assert {(window.begin, window.end) for window in week} == {("00:00", "24:00")}
    fortnight = list(days("crisis-fortnight", {}, "10:00", "10:10", week=False))
    assert [each.name[-2:] for each in fortnight] == [f"{number:02d}" for number in range(1, 11)]
    assert {(each.file.window.begin, each.file.window.end) for each in fortnight} == {("10:00", "10:10")}
