"""The steady state while a perturbation is in force: looked at again and again, its breaches told when they happen."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest
from chaos_subject import Subject, experiment, until, write

from entsurge.chaos import activity
from entsurge.chaos.experiment import load
from entsurge.chaos.journal import broken, deviation


def probed(file: Path, worn: Path, **more: object) -> Path:
    """The same experiment with a steady state that holds as long as `worn` is not there."""
    provider = {"type": "process", "path": "sh", "arguments": ["-c", f"test ! -e {worn}"], "timeout": 3}
    probe = {"type": "probe", "name": "pump whole", "tolerance": 0, "provider": provider}
    whole = json.loads(file.read_text()) | {"steady-state-hypothesis": {"title": "whole", "probes": [probe]}} | more
    file.write_text(json.dumps(whole))
    return file


def command(folder: Path) -> Path:
    """One of our faults, which holds itself in force."""
    return experiment(folder / "x.json", "command", {"on": ["true"], "off": ["true"]}, probe_seconds=0.5)


def toolkit(folder: Path) -> Path:
    """Somebody else's provider, with rollbacks."""
    action = {"type": "action", "name": "on", "provider": {"type": "process", "path": "true"}}
    return write(folder / "x.json", [action], [action], probe_seconds=0.5)


@pytest.mark.parametrize("made", [command, toolkit])
def test_a_breach_is_told_when_it_happens_and_when_it_is_over(tmp_path: Path, made) -> None:
    """Broken, whole again, broken: each once, with its probe and its moment; whole at the end, so nothing deviated."""
    worn = tmp_path / "worn"
    subject = Subject(tmp_path / "run", probed(made(tmp_path), worn))
    try:
        subject.wait_applied()
        worn.touch()
        until(lambda: subject.states().count("unsteady") == 1, 20, str(subject.said))
        worn.unlink()
        until(lambda: subject.states().count("steady") == 1, 20, str(subject.said))
        subject.tell(end="normal")
        until(lambda: subject.process.poll() is not None, 30)
        subject.hearing.join(5)
        assert subject.states() == ["applied", "unsteady", "steady", "ended"]
        said = {each["state"]: each["detail"] for each in subject.said if "state" in each}
        assert said["unsteady"].startswith("pump whole: expected 0, found ")
        assert said["steady"] == ""
        assert not subject.in_force()
    finally:
        subject.close()


def test_an_experiment_may_say_itself_when_its_steady_state_is_looked_at(tmp_path: Path) -> None:
    """Chaos Toolkit's own key `runtime.hypothesis.strategy` is left to it; without probes there is nothing to see."""
    file, worn = command(tmp_path), tmp_path / "worn"
    assert not load(str(file)).probed
    assert load(str(probed(file, worn))).probed
    assert not load(str(probed(file, worn, runtime={"hypothesis": {"strategy": "after-method-only"}}))).probed


def test_what_broke_during_is_no_deviation_after() -> None:
    """The word of the end is that of the probes after the method alone."""
    met, broke = ({"activity": {"name": "p", "tolerance": 0}, "status": "succeeded", "output": 1, "tolerance_met": well}
                  for well in (True, False))  # fmt: skip
    states = {"during": [{"probes": [broke]}], "after": {"probes": [met]}}
    assert deviation({"deviated": False, "steady_states": states}) == ""
    after = {"deviated": True, "steady_states": states | {"after": {"probes": [met, broke]}}}
    assert deviation(after) == "p: expected 0, found 1"
    assert [broken(each) for each in (None, {}, {"probes": [met]})] == ["", "", ""]


def test_a_signal_waits_until_the_undo_is_done_whichever_thread_it_meets() -> None:
    """With another thread that takes signals (a probe's), the handler still comes after the block, once."""
    heard, over = [], threading.Event()
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        with activity._deaf():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard == []
        assert heard == [signal.SIGTERM]
    finally:
        over.set()
        other.join()
        signal.signal(signal.SIGTERM, before)
