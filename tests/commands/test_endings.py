"""How a command ends: real processes, real signals, at each stage; exit codes 130, 143 and 129."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.analysis.records import objective, pages, record

STAGES = Path(__file__).with_name("ending_stages.py")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_IN_CI = (
    signal.SIGTERM,
    *(pytest.param(each, marks=pytest.mark.thorough) for each in (signal.SIGINT, signal.SIGHUP)),
)
LOADING = ("click.core", "entsurge.audience.profile")  # of the command itself; the others are the engine's
REPORT = ("report.fr.html", "report.en.html", "report.json", "report.junit.xml")


def staged(*arguments: object, **more: object) -> "subprocess.Popen[str]":
    """A command at one of its stages."""
    command = [sys.executable, str(STAGES), *map(str, arguments)]
    return subprocess.Popen(command, text=True, **({"stdout": -1, "stderr": -1} | more))


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that ended in order and is to be judged: it passes."""
    planned = {"student": {"visits": 0, "page_views": 60, "services": {}}}
    return record(tmp_path, pages(count=60), objectives=[objective("p95 < 1s")], planned=planned)


@pytest.mark.parametrize("number", SIGNALS)
def test_before_anything_is_measured_a_signal_ends_the_command(number: signal.Signals) -> None:
    """Whatever is held is let go; 128 and the signal's number; no traceback."""
    with staged("free") as command:
        assert command.stdout.readline() == "ready\n"
        command.send_signal(number)
        output, errors = command.communicate(timeout=30)
    assert (command.returncode, output, errors) == (128 + number, "let go\n", "")


@pytest.mark.parametrize("number", SIGNALS)
def test_the_engine_hears_a_signal_once_and_ends_in_order(number: signal.Signals) -> None:
    """A line says at once what comes; the exit code is the signal's that we were given."""
    with staged("child") as command:
        assert command.stdout.readline() == "child\n"
        command.send_signal(number)
        assert "ending in order; verdict and report follow" in command.stderr.readline()
        output, _ = command.communicate(timeout=30)
    assert (command.returncode, output) == (128 + number, "in order\n")


def test_a_second_ctrl_c_ends_the_engine_at_once() -> None:
    """It is killed; a terminal that says twice that it is gone asks for nothing more."""
    with staged("stubborn") as command:
        assert command.stdout.readline() == "child\n"
        for _ in range(3):
            command.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        assert command.poll() is None
        command.send_signal(signal.SIGINT)
        output, errors = command.communicate(timeout=30)
    assert (command.returncode, output) == (129, "")
    assert errors.splitlines()[-1] == "entsurge: Ctrl-C: ending at once"


def test_a_signal_while_the_engine_starts_reaches_it() -> None:
    """It is neither lost nor met by somebody who cannot end in order yet."""
    with staged("starting") as command:
        output, errors = command.communicate(timeout=30)
    assert (command.returncode, output) == (130, "child\nin order\n"), errors


@pytest.mark.parametrize("number", ONE_IN_CI)
def test_a_report_that_is_being_made_is_made(run: Path, number: signal.Signals) -> None:
    """The whole group of processes is told, as by a terminal, again and again: verdict and report are there."""
    with staged("judging", run, start_new_session=True) as command:
        wait_for((run / "verdict.json").is_file)
        for _ in range(3):
            os.killpg(command.pid, number)
        assert "verdict and report are still written" in command.stderr.readline()
        _, errors = command.communicate(timeout=120)
    assert command.returncode == 128 + number
    assert "Traceback" not in errors
    assert json.loads((run / "verdict.json").read_text())["verdict"] == "PASS"
    assert [name for name in REPORT if not (run / name).is_file()] == []


def test_a_closed_terminal_keeps_nothing_from_being_written(run: Path) -> None:
    """Its SIGHUP, then a write that fails for every word: verdict and report are there, exit code 129."""
    master, slave = pty.openpty()
    with staged(
        "judging", run, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as command:  # fmt: skip
        os.close(slave)
        wait_for((run / "verdict.json").is_file)
        os.close(master)
        assert command.wait(120) == 129
    assert [name for name in REPORT if not (run / name).is_file()] == []


def test_a_reader_that_leaves_changes_no_exit_code(tmp_path: Path) -> None:
    """`entsurge gate | head -1` of a run that missed its objectives is 3, not 0."""
    planned = {"student": {"visits": 0, "page_views": 60, "services": {}}}
    missed = record(tmp_path, pages(count=60, seconds=3), objectives=[objective("p95 < 1s")], planned=planned)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "entsurge", "gate", str(missed)]
    done = subprocess.run(command, stdout=write, stderr=-1, text=True, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (3, "")


def test_report_judges_a_run_that_was_killed_before_it_could_be(run: Path) -> None:
    """What SIGKILL left out, `entsurge report` makes: verdict.json too."""
    (run / "finish.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "entsurge", "report", str(run), "--lang", "fr", "--format", "md"]
    subprocess.run(command, check=True, timeout=60, stdout=-1)
    assert json.loads((run / "verdict.json").read_text())["verdict"] == "INVALID"
    assert (run / "report.fr.md").is_file()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", [*LOADING, "gevent.hub", "entsurge.engine.run"])
def test_a_signal_at_start_up_is_no_traceback(tmp_path: Path, module: str, number: signal.Signals) -> None:
    """While the command loads, and while its engine does: the signal's exit code, not a word, nothing written."""
    command = [sys.executable, "-m", "entsurge", "run", "lockdown-2020", "--target", "http://127.0.0.1:9"]
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, stdout=-1, stderr=-1) as run:
        loaded = next(line for line in run.stderr if line.split("|")[-1].strip() == module)
        run.send_signal(number)
        output, errors = run.communicate(timeout=60)
    assert loaded
    said = [line for line in errors.splitlines() if not line.startswith("import time:")]
    loading = module in LOADING and number != signal.SIGINT  # it dies of them: 143 and 129 to shells
    assert run.returncode == (-number if loading else 128 + number), errors
    assert [line for line in said if line and not line.startswith("entsurge: ")] == []
    assert output == ""
    assert list(tmp_path.iterdir()) == []
