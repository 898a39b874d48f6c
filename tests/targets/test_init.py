"""What a person begins with, and the schemas that are published."""

import json
import os
import pty
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from entsurge.audience import profile as profiles
from entsurge.commands.init import TARGET, command, schemas, text
from entsurge.plan.summary import window_load
from entsurge.targets.file import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["target", "driver", "deployment", "devices"])
def test_published_schemas_are_those_of_the_models(name) -> None:
    """docs/schemas holds what the models say; this test names the command that writes them anew."""
    published = (ROOT / "docs" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    assert json.loads(published) == schemas()[name], (
        "python -c 'from entsurge.commands.init import *; "
        '[Path(f"docs/schemas/{n}.json").write_text(text(s)) for n, s in schemas().items()]\''
    )
    assert text(schemas()[name]).endswith("}\n")


def test_init_writes_what_can_be_loaded_once(tmp_path) -> None:
    """The target file is sound as it is, the accounts are their owner's alone, nothing is written over."""
    call = [sys.executable, "-m", "entsurge", "init", "ours"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    accounts = tmp_path / "ours" / "accounts.csv"
    assert accounts.stat().st_mode & 0o077 == 0
    accounts.write_text(accounts.read_text("utf-8") + "student,a,x,0690001X,Lyon\n", encoding="utf-8")
    assert load(tmp_path / "ours" / "target.toml").accounts.academy_names == ["Lyon"]
    again = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 2
    assert "there already" in again.stderr


@pytest.mark.parametrize("name", ["lockdown-2020", "ordinary-week"])
def test_the_limits_that_init_writes_let_the_default_plans_through(name: str) -> None:
    """What a person begins with does not refuse what a person begins with."""
    limits, load = tomllib.loads(TARGET)["limits"], window_load(profiles.load(name))["total"]
    assert load["visits_per_second"] <= limits["visits_per_second"]
    assert load["concurrency"] <= limits["visitors"]


def test_options_answer_what_a_terminal_would_be_asked(tmp_path, monkeypatch) -> None:
    """Product, address and accounts stand in the file; an own list of accounts is named, not written over."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text("persona,login\n", encoding="utf-8")
    told = ["ours", "--driver", "entcore", "--url", "http://127.0.0.1:8090", "--accounts", "own.csv"]
    done = CliRunner().invoke(command, told)
    assert done.exit_code == 0, done.output
    found = tomllib.loads((tmp_path / "ours" / "target.toml").read_text("utf-8"))
    assert (found["driver"], found["url"], found["accounts"]["file"]) == (
        "entcore",
        "http://127.0.0.1:8090",
        "../own.csv",
    )
    assert not (tmp_path / "ours" / "accounts.csv").exists()
    assert "no product; known:" in str(CliRunner().invoke(command, ["x", "--driver", "nope"]).exception)
    assert "expected an address" in str(CliRunner().invoke(command, ["x", "--url", "ent.example.fr"]).exception)


def test_init_asks_on_a_terminal(tmp_path) -> None:
    """Product, address, accounts, who authorised: a wrong answer is asked again, the file is one that can be loaded."""
    ours, theirs = pty.openpty()
    said = b"nope\nmoodle\nhttps://ent.example.fr\naccounts.csv\nDirection du num\xc3\xa9rique\n2099-01-01\n"
    os.write(ours, said)
    done = subprocess.run(
        [sys.executable, "-m", "entsurge", "init", "ours"], cwd=tmp_path, stdin=theirs, stderr=theirs,
        stdout=subprocess.PIPE, text=True, timeout=120, check=False,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, done.stdout
    with (tmp_path / "ours" / "accounts.csv").open("a", encoding="utf-8") as accounts:
        accounts.write("student,a,x,0690001X,Lyon\n")
    found = load(tmp_path / "ours" / "target.toml").file
    assert (found.driver, found.url) == ("moodle", "https://ent.example.fr")
    assert (found.authorised.by, found.authorised.until) == ("Direction du numérique", date(2099, 1, 1))
