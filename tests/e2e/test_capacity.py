"""Capacity searches as their operator has them: a real sandbox, real steps, broken off and taken up, bad input."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from entsandbox.settings import Settings
from entsurge.commands.processes import sandbox

ROOT = Path(__file__).resolve().parents[2]
REVIEW = ROOT / "docs" / "capacity-review.md"
SHORT = ("--hold", "5", "--warm-up", "1")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the worked review."""
    return re.findall(rf"```{language}\n(.*?)```", REVIEW.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The review's own profile, as its reader copies it."""
    path = tmp_path_factory.mktemp("review") / "review.toml"
    path.write_text(blocks("toml")[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ent() -> Iterator[str]:
    """The review's sandbox: four workers, twelve milliseconds a page."""
    settings = Settings(
        workers=4, default_seconds=0.012, service_seconds={"sign-on": 0.006}, pool=16, queue_limit=80, seed=9,
        schools=40, compression=360,
    )  # fmt: skip
    with sandbox(settings.to_json()) as (url, _):
        yield url


def gave_out(result: dict) -> bool:
    """Whether validity says that the generator gave out in some step, as on a machine that is busy otherwise."""
    return bool(result["generator"])


@pytest.mark.thorough
def test_the_worked_review_runs(tmp_path: Path, ent: str) -> None:
    """Its commands in their order, the sandbox's apart, in half the time: a number with an interval, notes, exit 0.

    On a busy machine the generator may give out first: exit 4, and the note says so in place of an upper end.
    """
    (tmp_path / "review.toml").write_text(blocks("toml")[0], encoding="utf-8")
    commands = [line for block in blocks("bash") for line in block.replace("\\\n", " ").splitlines() if line.strip()]
    run = [line for line in commands if "entsurge sandbox" not in line]
    assert len(run) >= 3
    for line in run:
        words = line.replace("http://127.0.0.1:8080", ent).replace("--budget 2.2", "--budget 1.2").split()
        assert words[0] == "entsurge"
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False
        )
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 3, 4), line + done.stdout + done.stderr
        if done.returncode:
            assert "the measurement" in done.stdout + done.stderr or _one_end(tmp_path), done.stdout + done.stderr
    written = tmp_path / "runs/review/capacity.json"
    if not written.is_file():  # nothing at all could be believed, and it was said
        return
    result = json.loads(written.read_text())
    ends = result["boundary"]
    assert ends["low"] <= ends["value"] <= (ends["high"] or math.inf)
    assert len(result["steps"]) >= 3 or gave_out(result)
    again = json.loads((tmp_path / "runs/review-3-nodes/capacity.json").read_text())
    assert again["boundary"]["value"] == pytest.approx(ends["value"])
    assert again["carried_over"]["scale"] == "1/172"
    for lang in ("fr", "en"):
        assert "<svg" in (tmp_path / f"runs/review/capacity.{lang}.html").read_text(encoding="utf-8")
        assert "|" in (tmp_path / f"runs/review/capacity.{lang}.md").read_text(encoding="utf-8")


def _one_end(folder: Path) -> bool:
    """Whether only one end of the capacity is known."""
    result = json.loads((folder / "runs/review/capacity.json").read_text())
    return result["boundary"]["how"] in ("at-least", "at-most")


@pytest.mark.slow
def test_a_search_broken_off_goes_on(profile: Path, ent: str, tmp_path: Path) -> None:
    """SIGKILL in the second step: the same command waits for that step's end, keeps the first, asks for the others."""
    arguments = [
        sys.executable, "-m", "entsurge", "capacity", str(profile), "--target", ent, *SHORT, "--budget", "0.9",
        "--out", "search",
    ]  # fmt: skip
    journal = tmp_path / "search" / "search.jsonl"
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=-1, stderr=-1, start_new_session=True) as process:
        limit = time.monotonic() + 90
        while not journal.is_file() or journal.read_text().count('"begun"') < 2:
            assert time.monotonic() < limit
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    assert re.search(r"taking up search: (0 steps|1 step) known", done.stdout), done.stdout
    rows = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    numbers = [row["number"] for row in rows if row["state"] == "begun"]
    assert numbers == sorted(set(numbers))
    assert (tmp_path / "search" / "capacity.json").is_file() or "the measurement gave out" in done.stderr
    other = [*arguments, "--scale", "1/100"]
    refused = subprocess.run(other, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "another search (scale" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "either --target"),
        (["lockdown-2020", "--target", "http://192.0.2.1/"], 2, "loopback"),
        (["--target", "http://127.0.0.1:1/"], 2, "which profile"),
        (["lockdown-2020", "--target", "http://127.0.0.1:1/", "--budget", "0.5"], 2, "allows 0 steps"),
        (["lockdown-2020", "--target", "http://127.0.0.1:1/", "--budget", "60"], 6, "127.0.0.1:1"),
        (["--from", "nothing-here"], 2, "no run directory"),
        (["--from", "nothing-here", "--compression", "1", "--hold", "60"], 2, "--hold, --compression: of no effect"),
        (["nonsense", "--target", "http://127.0.0.1:1/"], 2, "shipped in profiles"),
    ],
)
def test_bad_input_is_said(entsurge, arguments: list[str], code: int, said: str) -> None:
    """One message, the documented exit code, no traceback."""
    done = entsurge("capacity", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_runs_of_different_profiles_do_not_belong_together(
    entsurge, quick_profile: Path, free_sandbox, tmp_path: Path
) -> None:
    """Named, with what may differ; and runs that all kept their objectives give a lower end and exit 4."""
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "one", "--exporter-port", "0", "--quiet",
        "--scale", "1/80",
    )  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    manifest = tmp_path / "two" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"compression": 60.0}))
    mixed = entsurge("capacity", "--from", "one", "--from", "two", "--scale", "1/40")
    assert mixed.returncode == 2
    assert "compression: 120 / 60" in mixed.stderr
    other = entsurge("capacity", "national-peak", "--from", "one")
    assert other.returncode == 2
    assert "say nothing of national-peak" in other.stderr
    assert not (tmp_path / "runs").exists()
    alone = entsurge("capacity", "--from", "one", "--out", "alone", "--what-if")
    said = alone.stdout + alone.stderr
    if "the measurement gave out" in said:  # a busy machine's generator was late, and it was said
        assert alone.returncode == 4, said
        return
    assert alone.returncode in (3, 4), said
    assert ("at least" if alone.returncode == 4 else "less than") in alone.stdout
    assert "× 80 ÷ 120 = " in alone.stdout
    assert "at least 6" in alone.stdout, alone.stdout
