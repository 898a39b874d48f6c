"""What operators expect of every command: examples, quiet, verbose, the environment, completion, a manual."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests import typography

from entsurge import cli, habits
from entsurge.commands import completion, man, prune
from entsurge.commands.beside import beneath
from entsurge.errors import CannotRecord
from entsurge.streams import deliver

NAMES = list(cli.COMMANDS)


def commands(of: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """A command and all below it, with what is typed for each."""
    return [(path, of), *(each for name, one in beneath(of).items() for each in commands(one, f"{path} {name}"))]


def every() -> list[tuple[str, click.Command]]:
    context = click.Context(cli.entsurge)
    return [each for name in NAMES for each in commands(cli.entsurge.get_command(context, name), name)]


def test_every_command_shows_an_example_a_line_and_the_common_options() -> None:
    """In `--help`: each example begins a line as it is typed, and every command can be quiet and verbose."""
    for path, command in every():
        shown = command.get_help(click.Context(command, info_name=path, max_content_width=110))
        examples = re.split(r"\n *Examples?:\n", shown)
        if path != "import-har":
            assert len(examples) == 2, path
            assert all(line.startswith(("    ", "  ")) for line in examples[1].splitlines()), path
            assert " · " not in examples[1], path
        if not isinstance(command, click.Group):
            assert "-q, --quiet" in shown, path
            assert "-v, --verbose" in shown, path


def test_examples_are_left_alone_where_there_are_none() -> None:
    """An epilog of another kind is a paragraph as before."""
    assert habits.one_a_line("Exit codes: 0 pass · 1 other") == "Exit codes: 0 pass · 1 other"
    assert habits.one_a_line("Examples: a · b") == "\b\nExamples:\n  a\n  b"
    assert habits.examples("Examples: a · b") == habits.examples("\b\nExamples:\n  a\n  b") == ["a", "b"]
    assert habits.examples("Exit codes: 0") == []


def test_quiet_leaves_out_remarks_wherever_it_is_said(tmp_path: Path) -> None:
    """Before the command, after it, or in the environment: the result is there, the remark is not."""
    loud = CliRunner().invoke(cli.entsurge, ["init", str(tmp_path / "a")])
    assert "next: edit them" in loud.stderr
    ways = (
        (["-q"], [], {}), ([], ["--quiet"], {}), ([], [], {"ENTSURGE_QUIET": "1"}),
        ([], [], {"ENTSURGE_INIT_QUIET": "1"}),
    )  # fmt: skip
    for number, (before, after, environment) in enumerate(ways):
        folder = str(tmp_path / str(number))
        done = CliRunner().invoke(cli.entsurge, [*before, "init", folder, *after], env=environment)
        assert (done.exit_code, done.stderr) == (0, "")
        assert folder in done.stdout


def test_verbose_says_what_is_in_force_and_whence(tmp_path: Path) -> None:
    """Options of the command line and of the environment, the first before the second; no password of an address."""
    environment = {"ENTSURGE_PRUNE_OLDER_THAN": "5d", "ENTSURGE_PRUNE_YES": "0"}
    done = CliRunner().invoke(cli.entsurge, ["-v", "prune", str(tmp_path)], env=environment)
    assert "--older-than = 5 (environment)" in done.stderr
    assert f"FOLDER = {tmp_path} (command line)" in done.stderr
    said = CliRunner().invoke(cli.entsurge, ["-v", "prune", str(tmp_path), "--older-than", "6d"], env=environment)
    assert "--older-than = 6 (command line)" in said.stderr
    assert habits._USER_OF_URL.sub("://…@", "postgresql://ent:secret@db/ent") == "postgresql://…@db/ent"


def test_version_in_the_environment_is_no_option() -> None:
    """A pipeline that keeps our version in ENTSURGE_VERSION still runs its command."""
    done = CliRunner().invoke(cli.entsurge, ["chaos", "check", "sso-slow"], env={"ENTSURGE_VERSION": "1"})
    assert done.output == "✓ sso-slow\n"


@pytest.mark.parametrize("arguments", [["prune", ".", "--older-than", "5d"], ["chaos", "list"], ["chaos", "doctor"],
                                       ["chaos", "check", "sso-slow"], ["chaos", "confirm"]])  # fmt: skip
def test_json_is_a_document_and_nothing_else(arguments: list[str], tmp_path: Path, monkeypatch) -> None:
    """What is told in words is told to programs too."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.entsurge, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    assert isinstance(json.loads(done.stdout), list | dict)


def test_json_to_a_reader_that_has_left_is_one_sentence_and_7(tmp_path: Path) -> None:
    """A closed pipe and a full disk: no traceback, no half a document taken for a whole one."""
    command = [sys.executable, "-m", "entsurge", "chaos", "check", "sso-slow", "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    for stdout in (writing, os.open("/dev/full", os.O_WRONLY)):
        done = subprocess.run(command, cwd=tmp_path, stdout=stdout, stderr=-1, text=True, timeout=120, check=False)
        os.close(stdout)
        assert done.returncode == 7, done.stderr
        assert "not all of it was written" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "code"), [(["plan", "--json", "lockdown-2020"], 7), (["plan", "lockdown-2020"], 0), (["man"], 0)]
)
def test_a_reader_of_the_first_sign_alone(arguments: list[str], code: int, unbuffered: str, tmp_path: Path) -> None:
    """Half a document is 7, half the words are the reader's own affair; also where the container lets nothing wait."""
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "entsurge", *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, bufsize=0, env=environment) as process:
        assert len(process.stdout.read(1)) == 1
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == code, said
    assert ("not all of it was written" in said) == (code == 7)
    assert "Traceback" not in said
    assert "Exception" not in said


def test_what_is_delivered_is_delivered_through_lasting_streams(monkeypatch) -> None:
    """Words may be dropped; a document may not."""
    from entsurge.streams import lasting_streams

    with open(os.open("/dev/full", os.O_WRONLY), "w", encoding="utf-8") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        with lasting_streams(), pytest.raises(CannotRecord, match="standard output"):
            deliver("{}\n")
        monkeypatch.undo()


def test_json_of_what_was_removed(tmp_path: Path) -> None:
    """Each old run, and whether it is gone."""
    run = tmp_path / "old"
    run.mkdir()
    told = {"format": 9, "started_utc": "2026-01-05T08:00:00Z"}
    (run / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    os.utime(run / "manifest.json", (1_767_600_000, 1_767_600_000))
    done = CliRunner().invoke(prune.command, [str(tmp_path), "--older-than", "1d", "--json"])
    found = json.loads(done.stdout)
    assert [(each["path"], each["removed"]) for each in found["runs"]] == [(str(run), False)]
    done = CliRunner().invoke(prune.command, [str(tmp_path), "--older-than", "1d", "--json", "--yes"])
    assert [each["removed"] for each in json.loads(done.stdout)["runs"]] == [True]
    assert not run.exists()


def test_no_color_is_heeded(monkeypatch) -> None:
    """A console of rich's, as all commands use, writes no colour even on a terminal."""
    from rich.console import Console

    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(force_terminal=True)
    with console.capture() as taken:
        console.print("[red]x[/red]")
    assert "\x1b[31m" not in taken.get()


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_completion_is_installed_where_shells_look(shell: str, tmp_path: Path, monkeypatch) -> None:
    """The script that is printed is the one that is written, in the user's own folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    printed = CliRunner().invoke(completion.command, [shell]).output
    done = CliRunner().invoke(completion.command, [shell, "--install"])
    assert done.exit_code == 0, done.output
    assert completion.place(shell).read_text(encoding="utf-8") == printed
    assert completion.VARIABLE in printed


@pytest.mark.parametrize("found", ["script", "environment", ""])
def test_bash_completes_at_once_only_beside_its_package(found: str, tmp_path: Path, monkeypatch) -> None:
    """Without bash-completion nothing reads the file: said, with the line for ~/.bashrc, in both languages."""
    script = tmp_path / "bash_completion"
    monkeypatch.setattr(completion, "BASH_COMPLETION", (script,))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("BASH_COMPLETION_VERSINFO", raising=False)
    if found == "script":
        script.write_text("", encoding="utf-8")
    elif found:
        monkeypatch.setenv("BASH_COMPLETION_VERSINFO", "2")
    said = CliRunner().invoke(completion.command, ["bash", "--install"], env={"ENTSURGE_LANG": "en"}).stderr
    french = CliRunner().invoke(completion.command, ["bash", "--install"], env={"ENTSURGE_LANG": "fr"}).stderr
    line = 'eval "$(entsurge completion bash)"'
    assert ("next shell" in said, "prochain shell" in french) == (bool(found),) * 2
    assert (line in said, line in french) == (not found,) * 2
    assert ("bash-completion is installed, and it was not found" in said) == (not found)


def test_other_shells_need_no_package(tmp_path: Path, monkeypatch) -> None:
    """Fish looks into its folder by itself."""
    monkeypatch.setattr(completion, "BASH_COMPLETION", ())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "next shell" in CliRunner().invoke(completion.command, ["fish", "--install"]).stderr


KNOWN = re.compile(r"(NAME|PROFILE|PERSONA|RUN|EXPERIMENT|QUESTION|ID|ZONE|FOLDER|PLACE|TARGET|URL\|FILE)\b")
ONE_S_OWN = {"--scenario", "--live", "--resource"}  # PERSONA=FILE and its like: a shell ends the word at its sign


def test_whatever_has_known_values_is_completed() -> None:
    """Of every option and argument that takes a name of ours, a run, or a file: by the shell, by us, or by both."""
    lacking = []
    for path, command in every():
        for each in command.params:
            named = each.metavar or (each.name or "").upper().removesuffix("S")
            ours = each.type is click.STRING and KNOWN.match(named)
            if ours and max(each.opts, key=len) not in ONE_S_OWN and each._custom_shell_complete is None:
                lacking.append((path, each.opts[-1]))
    assert lacking == []


@pytest.fixture
def bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What a bash that has read the script completes these words with, in a folder with a run and what is none."""
    (tmp_path / "entsurge").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m entsurge "$@"\n', encoding="utf-8")
    (tmp_path / "entsurge").chmod(0o755)
    (tmp_path / "script").write_text(completion.script("bash"), encoding="utf-8")
    for name in ("runs/monday", "runs/tuesday"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "runs" / "monday" / "manifest.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    asked = '. ./script; COMP_WORDS=(entsurge "$@"); COMP_CWORD=$#; compopt() { :; }; '
    asked += '_entsurge_completion entsurge; printf "%s\\n" "${COMPREPLY[@]}"'

    def complete(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", asked, "bash", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return complete


@pytest.mark.needs("bash")
@pytest.mark.parametrize(("words", "expected"), [
    (["ca"], ["capacity", "calibrate"]),  # an extra that a command needs is not missed here
    (["gate", "--ju"], ["--junit"]),
    (["run", "lockdown-2020-"], ["lockdown-2020-high"]),
    (["run", "lockdown-2020", "--chaos", "sso"], ["sso-down", "sso-slow"]),
    (["report", "runs/"], ["runs/monday"]),
    (["brief", "runs/monday", "--format", "html,t"], ["html,txt"]),
    (["simulate", "fi"], ["fit"]),
    (["simulate", "fit", "r"], ["runs/monday"]),
    (["sandbox", "--speak", "e"], ["entcore"]),
])  # fmt: skip
def test_bash_completes_commands_options_and_values(words: list[str], expected: list[str], bash) -> None:
    """In a bash that has read the script: names of what is shipped, runs that are there, the last of a list."""
    assert bash(*words) == expected


def test_a_shell_that_is_not_known_is_named() -> None:
    """Exit 2 with what there is."""
    done = CliRunner().invoke(completion.command, [], env={"SHELL": "/bin/tcsh"})
    assert "SHELL names 'tcsh'; expected one of bash, zsh, fish" in str(done.exception)


@pytest.mark.parametrize(("typed", "said", "french"), [
    (["gaet"], "No such command 'gaet'. Did you mean 'gate'?", "'gaet'. Vouliez-vous dire 'gate' ?"),
    (["chaos", "lits"], "No such command 'lits'. Did you mean 'list'?", "'lits'. Vouliez-vous dire 'list' ?"),
    (["xyzq"], "No such command 'xyzq'.\n", "Il n’y a pas de commande 'xyzq'.\n"),
])  # fmt: skip
def test_a_mistyped_command_is_told_its_neighbour(
    typed: list[str], said: str, french: str, capsys, monkeypatch
) -> None:
    """As a mistyped option is, in both languages; nothing is guessed where nothing is near."""
    for lang, expected in (("en", said), ("fr", french)):
        monkeypatch.setenv("ENTSURGE_LANG", lang)
        with pytest.raises(SystemExit) as ended:
            cli.main(typed)
        assert ended.value.code == 2
        assert expected in typography.plain(capsys.readouterr().err)


def test_the_help_says_4_in_the_words_of_the_readme() -> None:
    """A measurement that is too small to tell is no pass either, and its exit code is in both."""
    told = "4 not to be believed or too small to tell"
    assert told in " ".join(cli.EPILOG.split())
    assert told in (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_manual_page_has_every_command_and_option() -> None:
    """Made of the commands, so that none is left out; roff has nothing to complain of."""
    text = man.page()
    plain = text.replace("\\-", "-").replace("\\:", "")
    for path, command in every():
        assert f".SS entsurge {path}\n" in plain, path
        for each in command.params:
            assert isinstance(each, click.Argument) or max(each.opts, key=len) in plain, (path, each.name)
    assert not [line for line in text.splitlines() if line.startswith("'")]


@pytest.mark.needs("groff")
def test_roff_takes_the_manual_page() -> None:
    """Every warning on, and none comes."""
    done = subprocess.run(
        ["groff", "-K", "utf8", "-ww", "-man", "-Tutf8", "-z"], input=man.page(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
