"""Runs ended by signals, by a terminal that closes, by the death of their engine: verdict and report are there."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_IN_CI = (
    signal.SIGTERM,
    *(pytest.param(each, marks=pytest.mark.thorough) for each in (signal.SIGINT, signal.SIGHUP)),
)
REPORT = ("verdict.json", "report.fr.html", "report.en.html", "report.json", "report.junit.xml")


@pytest.fixture
def small(quick_profile: Path, tmp_path: Path) -> Path:
    """Some forty visits; the drain lasts until they are over."""
    path = tmp_path / "small.toml"
    path.write_text(quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/160"'), encoding="utf-8")
    return path


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


@contextlib.contextmanager
def begun(folder: Path, small: Path, url: str, *more: str, **popen: object) -> Iterator["subprocess.Popen[str]"]:
    """`entsurge run` in a folder, into `run`."""
    command = [sys.executable, "-m", "entsurge", "run", str(small), "--target", url, "--out", "run"]
    given = {"stdout": -1, "stderr": -1} | popen
    with subprocess.Popen([*command, "--exporter-port", "0", *more], cwd=folder, text=True, **given) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def seconds_of(run: Path) -> int:
    """How many seconds a run has told of."""
    gauges = run / "gauges.jsonl"
    return len(gauges.read_text().splitlines()) if gauges.is_file() else 0


def lacking(run: Path) -> list[str]:
    """What there should be after a run and is not."""
    return [name for name in REPORT if not (run / name).is_file()]


def end_of(run: Path) -> str:
    """How the run says that it ended."""
    return str(json.loads((run / "finish.json").read_text())["end"])


@pytest.mark.parametrize("number", ONE_IN_CI)
def test_a_signal_amid_the_run(small: Path, free_sandbox, tmp_path: Path, number: signal.Signals) -> None:
    """Its own exit code; a line says at once what comes, another one that the report is being made."""
    with begun(tmp_path, small, free_sandbox[0]) as command:
        wait_for(lambda: seconds_of(tmp_path / "run") >= 2)
        command.send_signal(number)
        output, errors = command.communicate(timeout=90)
    assert command.returncode == 128 + number, output + errors
    assert "ending in order; verdict and report follow" in errors
    assert "verdict and report are made of what there is" in errors
    assert "Traceback" not in errors
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["target"]["name"] == free_sandbox[0].removeprefix("http://")
    assert end_of(tmp_path / "run") == "interrupted"
    assert lacking(tmp_path / "run") == []


def test_a_second_ctrl_c_kills_the_engine_and_keeps_the_report(small: Path, free_sandbox, tmp_path: Path) -> None:
    """No finish.json; verdict and report are made of what had been written."""
    with begun(tmp_path, small, free_sandbox[0]) as command:
        wait_for(lambda: seconds_of(tmp_path / "run") >= 2)
        engine = int((tmp_path / "run" / "engine.pid").read_text())
        os.kill(engine, signal.SIGSTOP)
        command.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert command.poll() is None
        command.send_signal(signal.SIGINT)
        output, errors = command.communicate(timeout=90)
    assert command.returncode == 130, output + errors
    assert not (tmp_path / "run" / "finish.json").exists()
    assert lacking(tmp_path / "run") == []


def test_an_engine_that_is_killed_leaves_a_report(small: Path, free_sandbox, tmp_path: Path) -> None:
    """Exit 1 with its reason; the verdict is that of a run broken off."""
    with begun(tmp_path, small, free_sandbox[0]) as command:
        wait_for(lambda: seconds_of(tmp_path / "run") >= 2)
        os.kill(int((tmp_path / "run" / "engine.pid").read_text()), signal.SIGKILL)
        output, errors = command.communicate(timeout=90)
    assert command.returncode == 1, output + errors
    assert "the engine's process was ended by signal 9" in errors
    assert lacking(tmp_path / "run") == []


def test_a_terminal_that_closes_amid_the_run(small: Path, free_sandbox, tmp_path: Path) -> None:
    """The engine's table has nowhere to go, no word of the judge either: the run ends in order, exit code 129."""
    master, slave = pty.openpty()
    with begun(
        tmp_path, small, free_sandbox[0], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as command:  # fmt: skip
        os.close(slave)
        wait_for(lambda: seconds_of(tmp_path / "run") >= 2)
        os.close(master)
        assert command.wait(90) == 129
    assert end_of(tmp_path / "run") == "interrupted"
    assert lacking(tmp_path / "run") == []


def test_readers_that_leave_end_no_run(small: Path, free_sandbox, tmp_path: Path) -> None:
    """Nobody reads stdout and stderr any more: the run goes on to its own end."""
    with begun(tmp_path, small, free_sandbox[0]) as command:
        wait_for(lambda: seconds_of(tmp_path / "run") >= 1)
        command.stdout.close()
        command.stderr.close()
        assert command.wait(90) in (0, 3, 4)
    assert end_of(tmp_path / "run") == "completed"
    assert lacking(tmp_path / "run") == []


def test_a_command_that_is_killed_is_mended_by_report(entsurge, small: Path, free_sandbox, tmp_path: Path) -> None:
    """SIGKILL: the engine ends in order by itself; `entsurge report` makes verdict and report."""
    with begun(tmp_path, small, free_sandbox[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as command:
        wait_for(lambda: seconds_of(tmp_path / "run") >= 2)
        command.kill()
        command.wait(30)
    wait_for((tmp_path / "run" / "finish.json").is_file)
    assert entsurge("report", "run").returncode == 0
    assert lacking(tmp_path / "run") == []


@pytest.mark.parametrize("number", ONE_IN_CI)
def test_a_signal_while_workers_are_waited_for(small: Path, free_sandbox, tmp_path: Path, number) -> None:
    """Nothing is offered: no visit, nothing lost; the worker that came is sent home; verdict and report are there."""
    address = f"127.0.0.1:{15_581 + SIGNALS.index(number)}"
    with begun(tmp_path, small, free_sandbox[0], "--workers", "2", "--bind", address) as command:
        master = ["--master", address]
        with subprocess.Popen([sys.executable, "-m", "entsurge", "worker", *master], stdout=-1, stderr=-1) as worker:
            events = tmp_path / "run" / "events.jsonl"
            wait_for(lambda: events.is_file() and '"joined"' in events.read_text())
            command.send_signal(number)
            output, errors = command.communicate(timeout=90)
            worker.communicate(timeout=30)
    assert command.returncode == 128 + number, output + errors
    assert "Traceback" not in errors
    assert worker.returncode == 0
    finish = json.loads((tmp_path / "run" / "finish.json").read_text())
    assert (finish["end"], finish["offered"], finish["lost"]) == ("interrupted", 0, 0)
    assert lacking(tmp_path / "run") == []


def test_a_worker_is_refused_by_name_for_its_scenario(small: Path, free_sandbox, tmp_path: Path) -> None:
    """The master's file is sound, the worker's is not: the master says whose, and which action."""
    there, here = tmp_path / "there", tmp_path / "here"
    text = (
        "from entsurge import content\nfrom entsurge.scenario import journey\n\n"
        "class Ours(content.load_module(content.find('scenarios', 'student')).Student):\n"
        "    @journey('homework')\n    def on(self):\n        yield 'hand-in{more}'\n"
    )
    for folder, more in ((here, ""), (there, "n")):
        folder.mkdir()
        (folder / "ours.py").write_text(text.format(more=more), encoding="utf-8")
    address = "127.0.0.1:15585"
    more = ["--workers", "1", "--bind", address, "--scenario", "student=./ours.py"]
    with begun(here, small, free_sandbox[0], *more) as command:
        master = [sys.executable, "-m", "entsurge", "worker", "--master", address]
        worker = subprocess.run(master, cwd=there, capture_output=True, text=True, timeout=60, check=False)
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=90)
    assert worker.returncode == 2, worker.stderr
    assert "no action 'hand-inn'; nearest: hand-in" in worker.stderr
    assert "refused: " in errors
    assert "no action 'hand-inn'; nearest: hand-in" in " ".join(errors.split())
