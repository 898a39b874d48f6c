"""What a person begins with, and the schemas that are published."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from entsurge.commands.init import schemas, text
from entsurge.targets.file import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["target", "driver", "deployment"])
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
    command = [sys.executable, "-m", "entsurge", "init", "ours"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    accounts = tmp_path / "ours" / "accounts.csv"
    assert accounts.stat().st_mode & 0o077 == 0
    accounts.write_text(accounts.read_text("utf-8") + "student,a,x,0690001X,Lyon\n", encoding="utf-8")
    assert load(tmp_path / "ours" / "target.toml").accounts.academy_names == ["Lyon"]
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 2
    assert "there already" in again.stderr
