"""`entsurge simulate … --sweep`: pages in both languages that say SIMULATED, gone on with, ended in order, refused."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.typography import plain

from entsurge import errors
from entsurge.analysis.sweep import outcome
from entsurge.commands import measures
from entsurge.commands.simulate import command
from entsurge.commands.sweep import exit_code
from entsurge.findings.serial import from_line
from entsurge.findings.sweep import SweepReport
from entsurge.render.sweep import view
from entsurge.render.sweep_terminal import terminal_lines
from entsurge.terminal import translated

WINDOW = ("lockdown-2020", "--on", "embedded-ent", "--scale", "1/2000", "--from", "09:00", "--until", "09:03")
SWEEP = (*WINDOW, "--sweep", "measures=none,static-home", "--cost", "node=180")


def swept(out: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and what was said; raises what the command raises."""
    done = CliRunner().invoke(command, [*arguments, "--out", str(out)], catch_exceptions=False, standalone_mode=False)
    return int(done.return_value), done.stdout


def report(folder: Path) -> SweepReport:
    """What sweep.json says."""
    return from_line(SweepReport, (folder / "sweep.json").read_bytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three minutes of a small share of the lockdown's Monday, without and with a static home page; one luck."""
    folder = tmp_path_factory.mktemp("sweep")
    code, told = swept(folder, *SWEEP, "--lucks", "1")
    assert code == exit_code(report(folder))
    assert told.startswith("SIMULATED · ")
    return folder


def test_what_was_found_is_written_in_both_languages_and_marked(folder: Path) -> None:
    """One simulation a cell, over the same plan; the run directories are gone, what they said stays."""
    found = report(folder)
    assert (found.done, found.simulations, len(found.cells)) == (2, 2, 2)
    assert {each.lucks for each in found.cells} == {1}
    assert found.again.startswith("entsurge simulate lockdown-2020 --on embedded-ent")
    assert "--sweep measures=none,static-home --lucks 1 --cost node=180" in found.again
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    for language, mark in (("fr", "SIMULÉ"), ("en", "SIMULATED")):
        page = (folder / f"sweep.{language}.html").read_text("utf-8")
        assert re.search(rf'class="[^"]*simulated"[^>]*><strong>{mark}', page)
        assert "<svg" in page
        assert mark in (folder / f"sweep.{language}.md").read_text("utf-8")
        assert view(found, language)["every"]["rows"]


def test_a_sweep_goes_on_and_ends_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lucks go on with what is there; a signal keeps what was simulated, writes the pages, is the exit code."""
    made: list[str] = []
    whole = outcome.luck_outcome

    def one_more(path: Path, cell: str, luck: int):  # type: ignore[no-untyped-def]
        if made:
            raise errors.Ended(2)
        made.append(f"{cell} {luck}")
        return whole(path, cell, luck)

    monkeypatch.setattr(outcome, "luck_outcome", one_more)
    code, told = swept(folder, *SWEEP, "--lucks", "2")
    assert code == errors.INTERRUPTED
    assert len(made) == 1
    assert made[0].endswith(" 1")
    found = report(folder)
    assert (found.done, found.simulations) == (3, 4)
    assert "So far: 3 of 4 simulations" in told


@pytest.mark.parametrize(
    ("arguments", "said", "french"),
    [
        ((*WINDOW, "--sweep", "nodes=5..2"), "an empty range", "un intervalle vide"),
        ((*WINDOW, "--sweep", "size=2"), "expected KEY=VALUES", "il faut CLÉ=VALEURS"),
        ((*WINDOW, "--sweep", "nodes=1..200"), "1000 simulations, more than 500", "1000 simulations, plus que 500"),
        ((*WINDOW, "--sweep", "measures=password"), "no measure password", "aucune mesure password"),
        ((*WINDOW, "--sweep", "hours=tutor:0..2"), "no such persona", "aucun public de ce nom"),
        ((*WINDOW, "--sweep", "nodes=1", "--cost", "rack=3"), "expected node=NUMBER", "il faut node=NOMBRE"),
        ((*WINDOW, "--lucks", "3"), "--lucks: of a sweep alone", "--lucks : d’un balayage seulement"),
        ((*WINDOW[:3], "--week", "--sweep", "nodes=1"), "not of a --week", "non d’une --week"),
        (("crisis-fortnight", "--on", "embedded-ent", "--sweep", "nodes=1"), "has days of its own", "propres jours"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], said: str, french: str
) -> None:
    """One sentence in the terminal's language; exit 2."""
    with pytest.raises(errors.UsageError, match=re.escape(said)) as found:
        swept(tmp_path / "out", *arguments)
    assert found.value.exit_code == errors.USAGE
    assert not (tmp_path / "out").exists()
    assert french in plain(translated(found.value.message, "fr"))


def test_help_has_an_example_and_the_terminal_speaks_french(folder: Path) -> None:
    """`--help` shows a sweep; in French head and tables are French."""
    assert "--sweep nodes=1..4" in " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    told = list(terminal_lines(report(folder), "fr"))
    assert told[0].startswith("SIMULÉ · ")
    assert "Chaque déploiement" in told


def test_the_command_that_tries_candidates_is_one_that_measures_takes() -> None:
    """What is printed to be pasted parses: profile, target, measures, pairs."""
    words = "lockdown-2020 --target TARGET --measure static-home --measure news-closed --pairs static-home+news-closed"
    context = measures.command.make_context("measures", words.split())
    assert isinstance(context, click.Context)
    assert context.params["measures"] == ("static-home", "news-closed")
    assert json.dumps(context.params["pairs"]) == '"static-home+news-closed"'
