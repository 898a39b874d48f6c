"""`--json` of every command: all of them, but for those that tell nothing, as docs/configuration.md says."""

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.analysis import records
from tests.recorded.drafting import CASES

from entsurge.chaos.process import Process
from entsurge.chaos.state import Record
from entsurge.cli import COMMANDS, entsurge, main
from entsurge.commands.beside import beneath
from entsurge.commands.json_output import say_json

WITHOUT = {  # what tells nothing, and why
    "chaos edge": "serves; --config is Envoy's own JSON", "completion": "a script for a shell", "man": "a page for man",
    "worker": "serves; what it did is the master's to tell",
}  # fmt: skip
SETTINGS = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def commands(name: str, command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    """A command, or each of a group, with its whole name; those beside a command's own work too."""
    if command is not None and not isinstance(command, click.Group):
        yield name, command
    for word, each in beneath(command).items() if command is not None else ():
        yield from commands(f"{name} {word}", each)


def test_every_command_has_json_or_is_named() -> None:
    """A new command without it is a decision: it is named here, and in the documentation."""
    context = click.Context(entsurge)
    every = [found for name in COMMANDS for found in commands(name, entsurge.get_command(context, name))]
    assert {"simulate", "simulate fit", "chaos stop", "baseline push"} <= {name for name, _ in every}
    lacking = {name for name, each in every if not any("--json" in option.opts for option in each.params)}
    assert lacking == {*WITHOUT}
    sentence = SETTINGS.read_text("utf-8").partition("- `--json`:")[2].partition("\n- ")[0]
    told = (
        sentence.partition("Without it:")[2].partition(". ")[0].replace("whose text is for a shell and for `man`", "")
    )
    assert set(re.findall(r"`([a-z ]+)`", told)) == lacking


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a run, people, a recording and what a dead run left: `run`, `people.csv`, `v.har`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))
    made = records.run_of(tmp_path / "made", records.pages(seconds=0.3, count=40, second=20), visits=[records.visit()])
    made.path.rename("run")
    told("population", "--schools", "1", "--classes", "1", "--pupils", "2", "--out", "people.csv")
    (tmp_path / "v.har").write_bytes((CASES / "port_hosts.har").read_bytes())
    Record(
        experiment="trial", kind="command", settings={"on": ["true"], "off": ["false"]}, lease="guardian",
        lease_seconds=1.0, before={"off": True}, holder=Process(2**22 + 1, 1), controller=None, run="r", id="left",
    ).write()  # fmt: skip
    return tmp_path


def told(*arguments: str, code: int = 0) -> Any:
    """The document that a command prints; it ends with this code."""
    done = CliRunner().invoke(entsurge, [*arguments, "--json"], standalone_mode=False, catch_exceptions=False)
    assert (done.return_value or 0) == code, done.output
    return json.loads(done.stdout)


def test_what_was_written_is_named(here: Path) -> None:
    """Files that are there, of every command whose result is files."""
    found = told("export", "run", "--format", "csv", "--out", "out")
    assert found["folder"] == "out"
    assert found["written"]
    assert all(Path(each).is_file() for each in found["written"])
    briefs = told("brief", "run", "--lang", "fr", "--format", "md,json")
    assert [(each["run"], Path(each["file"]).name) for each in briefs] == [
        ("run", "brief.fr.md"), ("run", "brief.json"),
    ]  # fmt: skip
    made = told("init", "ours")
    assert all(Path(made["folder"], each).is_file() for each in made["files"])
    aaf = told("population", "--schools", "1", "--format", "aaf", "--out", "aaf")
    assert (aaf["written"], aaf["entries"]["EtabEducNat"]) == ("aaf", 1)


def test_people_that_are_read_are_counted(here: Path) -> None:
    """By persona, with schools, academies and what does not agree; with --out, where they were written."""
    found = told("population", "--read", "people.csv", "--out", "again.csv")
    assert found == {
        "people": {"student": 2, "teacher": 1, "parent": 4, "staff": 1}, "schools": 1, "academies": 1, "warnings": [],
        "written": "again.csv",
    }  # fmt: skip
    done = CliRunner().invoke(entsurge, ["population", "--json"])
    assert str(done.exception) == "--json: the people themselves are on standard output"


def test_a_draft_is_a_document_too(here: Path) -> None:
    """Without --out the driver stands in it; with it, where it is; words are on the other stream."""
    found = told("import-har", "v.har")
    assert tomllib.loads(found["driver"])["page"]
    assert (found["written"], found["tried"], found["left"]) == (None, None, None)
    assert found["pages"] == ["open-home", "read-inbox"]
    found = told("import-har", "v.har", "--out", "ours.toml")
    assert (found["written"], found["driver"]) == ("ours.toml", None)
    assert tomllib.loads((here / "ours.toml").read_text("utf-8"))["page"]


def test_what_became_of_each_perturbation_is_told(here: Path) -> None:
    """Of `recover` and `stop`: which, of which run, what came of it; an undo that failed with its words, exit 1."""
    for command in ("recover", "stop"):
        (row,) = told("chaos", command, code=1)
        assert (row["id"], row["experiment"], row["run"], row["state"]) == ("left", "trial", "r", "failed")
        assert row["detail"]
        assert row["undo"] == "false"
    assert told("chaos", "recover", "--forget", "left", "--yes")[0]["state"] == "forgotten"
    assert told("chaos", "recover") == told("chaos", "stop") == []


def test_what_a_sandbox_takes_is_told_without_serving(here: Path) -> None:
    """As computed; a bound that there is not is null."""
    found = told("sandbox", "--capacity")
    assert found["limiting"] == "workers"
    assert found["bounds"]["allowance"] is None


def test_json_knows_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor what is no number: null, which every reader takes."""
    say_json({"a": float("inf"), "b": [float("nan"), 1.5], "c": ("x", 2)})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": ["x", 2]}


@pytest.mark.parametrize("arguments", [
    "export run --format csv", "brief run --format json", "init ours", "population --read people.csv",
    "population --format aaf --out aaf --schools 1", "import-har v.har", "chaos recover", "chaos stop", "chaos list",
    "chaos confirm", "chaos doctor", "sandbox --capacity", "report run --format json", "budget run --availability 99",
    "prune . --older-than 1d", "baseline list .", "plan ordinary-week",
])  # fmt: skip
def test_a_reader_that_has_left_is_told_once(arguments: str, here: Path, monkeypatch, capsys) -> None:
    """A closed pipe: one sentence with its hint, exit code 7, and with --quiet nothing else but what is doubtful."""
    reading, writing = os.pipe()
    os.close(reading)
    with monkeypatch.context() as patch, open(writing, "w", encoding="utf-8") as closed:  # noqa: PTH123
        patch.setattr(sys, "stdout", closed)
        with pytest.raises(SystemExit) as ended:
            main([*arguments.split(), "--json", "--quiet"])
    assert ended.value.code == 7
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("look at: ")]
    assert said[0] == "entsurge: standard output: Broken pipe: not all of it was written"
    assert [line[:2] for line in said[1:]] == ["  "]
