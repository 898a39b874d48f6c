"""The tutorial's own commands, from an empty folder."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.docs.shown import DOCS, commands

JUDGING = {"run", "gate"}  # whose exit code is the verdict: here too small to tell


@pytest.mark.slow
def test_the_tutorials_commands_do_what_it_says(
    entsurge: Callable[..., subprocess.CompletedProcess[str]], free_sandbox: tuple[str, str], tmp_path: Path
) -> None:
    """As they stand, but for the sandbox's port and a time four times as short: each ends as told."""
    lines = [each.line for each in commands(DOCS / "tutorial.en.md") if each.kind == "sh"]
    assert {line.split()[1] for line in lines} == {"plan", "doctor", "run", "gate", "export", "init"}
    for told in lines:
        line = told.replace("http://127.0.0.1:8080", free_sandbox[0]).replace("--compression 120", "--compression 480")
        _, name, *arguments = shlex.split(line)
        done = entsurge(name, *arguments)
        assert done.returncode in ({0, 4} if name in JUDGING else {0}), f"{line}\n{done.stdout}\n{done.stderr}"
    expected = ("report.fr.html", "report.en.html", "export/visits.csv", "verdict.json")
    assert [name for name in expected if not (tmp_path / "runs" / "first" / name).is_file()] == []
    assert (tmp_path / "gate.xml").is_file()
    assert (tmp_path / "ours" / "target.toml").is_file()
