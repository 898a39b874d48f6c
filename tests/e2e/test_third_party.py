"""The worked example: a driver in TOML for an application that nobody here has written, from check to clean-up."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from entsurge.analysis import frames
from entsurge.record.reading.run import read_run

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = 40
HANDS_IN = """
from entsurge.audience.shape import SERVICES
from entsurge.drivers.pages import PagesState
from entsurge.scenario import Visitor, journey


def towards(self):
    known = self.memory.of(PagesState).known
    yield "hand-in" if "csrf" in known else "read-homework" if "issue" in known else "read-homework-list"


class Student(Visitor):
    persona = "student"
    for service in SERVICES:
        locals()[service.replace("-", "_")] = journey(service)(lambda self: towards(self))
"""


@pytest.fixture(scope="module")
def roundup(tmp_path_factory) -> Iterator[str]:
    """Roundup over loopback, with accounts: its address."""
    home = tmp_path_factory.mktemp("roundup") / "tracker"
    command = [sys.executable, str(Path(__file__).with_name("tracker.py")), str(home), str(ACCOUNTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child.stdout.readline().strip()
        finally:
            child.stdin.close()
            child.wait(10)


@pytest.fixture
def target(roundup, tmp_path, quick_profile) -> Path:
    """The example's files beside a target and a small profile; pupils hand in what they read."""
    for name in ("roundup.toml", "roundup-target.toml"):
        shutil.copy(ROOT / "docs" / "examples" / name, tmp_path)
    path = tmp_path / "roundup-target.toml"
    text = re.sub(r'^url = ".*"', f'url = "{roundup}"', path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    rows = [
        f"{persona},{persona}-{n},juste,9990001X"
        for persona in ("student", "teacher", "parent", "staff") for n in range(ACCOUNTS)
    ]  # fmt: skip
    (tmp_path / "accounts.csv").write_text("\n".join(["persona,login,password,school", *rows]), encoding="utf-8")
    (tmp_path / "accounts.csv").chmod(0o600)
    text = quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/200"')
    text = text.replace("drain_seconds = 8", "drain_seconds = 60")  # hand-ins are a visit's third page, SQLite is slow
    (tmp_path / "small.toml").write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
def test_doctor_run_and_clean_up(entsurge, target, tmp_path) -> None:
    """The check finds every page well, the run loses none, and what was handed in is taken away again."""
    checked = entsurge("doctor", "--target", str(target), "--json")
    assert checked.returncode == 0, checked.stdout
    pages = [row for row in map(json.loads, checked.stdout.splitlines()) if row["check"].startswith("student ")]
    assert [row["check"] for row in pages] == [
        "student sign-on", "student open-home", "student read-homework-list", "student read-homework",
        "student read-inbox",
    ]  # fmt: skip
    (tmp_path / "ours.py").write_text(HANDS_IN, encoding="utf-8")
    done = entsurge("run", "./small.toml", "--target", str(target), "--scenario", "student=ours.py", "--out", "run",
                    "--quiet", "--exporter-port", "0")  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stderr
    visits = frames.visits(read_run(tmp_path / "run"))
    assert visits["lost"].sum() == 0
    assert visits["ok"].sum() > 0.8 * visits[["ok", "shed", "failed"]].sum().sum()  # SQLite locks are the target's own
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert {"driver", "target"} <= {each["kind"] for each in manifest["content"]}
    written = tmp_path / "run" / "created.jsonl"
    assert written.is_file(), (tmp_path / "run" / "failures.jsonl").read_text("utf-8")
    made = written.read_text("utf-8").splitlines()
    clean = entsurge("cleanup", "run", "--yes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert clean.stdout.splitlines()[-1] == f"removed: {len(made)}"
