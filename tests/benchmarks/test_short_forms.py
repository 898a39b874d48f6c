"""Every benchmark goes its whole way in seconds, and fails where what it measures is not served."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import all as every

BENCHMARKS = every.HERE
DRIVER = "all"
SHORT = {each.script: each for each in every.BENCHMARKS if each.short_seconds is not None}
NGINX = {"client_speed", "connection_cost", "arrivals", "memory", "region", "visit_cost", "visit_loop"}
ROW = re.compile(r"^\|(?!\s*-+|---).*\|$", re.MULTILINE)


def scripts() -> set[str]:
    """What can be run in benchmarks/, by name."""
    files = (path for path in BENCHMARKS.glob("*.py") if '__name__ == "__main__"' in path.read_text("utf-8"))
    return {path.stem for path in files}


def test_every_benchmark_has_an_entry_and_every_entry_a_benchmark() -> None:
    """A new script is in the table of benchmarks/all.py, with a short form: `make bench` and this file know it."""
    assert scripts() - {DRIVER} == {each.script for each in every.BENCHMARKS}
    assert scripts() - {DRIVER} == set(SHORT)


def test_names_tell_entries_apart() -> None:
    """`--skip` and `--only` take the script's name for all of its ways, or one way's own."""
    names = [each.name for each in every.BENCHMARKS]
    assert len(set(names)) == len(names)
    assert {"region-http", "region-https-http2", "capacity_truth-virtual"} <= set(names)


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [pytest.param(name, marks=[pytest.mark.needs("nginx", "openssl", "taskset")] * (name in NGINX)) for name in SHORT],
)
def test_short_form(script: str, tmp_path: Path) -> None:
    """Exit 0 and a table with rows, printed and written alike; the machine and the day in its last line."""
    committed = {path: path.stat().st_mtime_ns for path in (BENCHMARKS / "results").iterdir()}
    command = [sys.executable, str(BENCHMARKS / f"{script}.py"), "--short", "--results", str(tmp_path)]
    command += SHORT[script].arguments
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (table,) = tmp_path.glob("*.md")
    text = table.read_text("utf-8")
    assert text in done.stdout
    assert len(ROW.findall(text)) >= 2, text
    assert re.match(r"Measured on \d{4}-\d\d-\d\d: .+, \d+ cores, Python 3", text.splitlines()[-1])
    assert committed == {path: path.stat().st_mtime_ns for path in (BENCHMARKS / "results").iterdir()}
