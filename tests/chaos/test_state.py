"""What is on disk: one ends a record once; the audit shows when it was touched; recover and stop."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from chaos_subject import Subject, experiment, until

from entsurge.chaos import settle
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit, audited, in_force


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))


def a_record(tmp_path: Path, holder: Process) -> Record:
    return Record(
        experiment="trial", kind="command",
        settings={"on": ["true"], "off": ["sh", "-c", f"echo undone >> {tmp_path}/undone"]}, lease="guardian",
        lease_seconds=1.0, before={"off": True}, holder=holder, controller=None, run="r",
    )  # fmt: skip


def gone() -> Process:
    """A process that is dead."""
    child = subprocess.Popen(["true"])
    found = Process(child.pid, 1)
    child.wait()
    return found


def test_a_record_is_ended_once(tmp_path: Path) -> None:
    """However many try at the same time, one undoes it."""
    record = a_record(tmp_path, gone())
    record.write()
    threads = [threading.Thread(target=settle.settle, args=(record, "test")) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (tmp_path / "undone").read_text() == "undone\n"
    assert in_force() == []


def test_an_undo_that_fails_stays_on_disk(tmp_path: Path) -> None:
    """`recover` says so, exits with 1, and can be tried again."""
    record = a_record(tmp_path, gone())
    record.settings["off"] = [str(tmp_path / "missing")]
    record.write()
    command = [sys.executable, "-m", "entsurge", "chaos", "recover"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "failed" in done.stdout
    assert "Traceback" not in done.stderr
    (tmp_path / "missing").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "missing").chmod(0o755)
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    assert in_force() == []


def test_what_an_operator_has_done_by_hand_can_be_struck_off(tmp_path: Path) -> None:
    """By its id, once; the audit says so, and the undo is not run."""
    record = a_record(tmp_path, gone())
    record.write()
    command = [sys.executable, "-m", "entsurge", "chaos", "recover", "--forget", record.id]
    assert [subprocess.run(command, capture_output=True, timeout=60, check=False).returncode for _ in "12"] == [0, 2]
    assert not (tmp_path / "undone").exists()
    assert audited()[0][-1]["state"] == "forgotten"


def test_recover_leaves_what_lives_alone(tmp_path: Path) -> None:
    """A record whose holder lives is somebody's run."""
    record = a_record(tmp_path, Process.me())
    record.write()
    assert settle.recover(lambda *_: None)
    assert [each.id for each in in_force()] == [record.id]
    with record.ending():
        pass


def test_the_audit_shows_where_it_was_touched(tmp_path: Path) -> None:
    """A changed line, and a line that was cut out."""
    record = a_record(tmp_path, Process.me())
    for state in ("applying", "applied", "ended"):
        audit(record, state)
    assert audited()[1] == []
    path = tmp_path / "state" / "audit.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    whole = path.read_text().splitlines()
    path.write_text("\n".join([whole[0], whole[1].replace("applied", "nothing"), whole[2]]) + "\n")
    assert audited()[1] == [3]
    path.write_text("\n".join([whole[0], whole[2]]) + "\n")
    assert audited()[1] == [2]
    done = subprocess.run([sys.executable, "-m", "entsurge", "chaos", "audit"], capture_output=True, check=False)
    assert done.returncode == 1


def test_half_a_record_is_passed_over(tmp_path: Path) -> None:
    """A file that is no record ends nothing."""
    folder = tmp_path / "state" / "in-force"
    folder.mkdir(parents=True)
    for number, text in enumerate(("", "{", "[]", '{"id": 1}', json.dumps({"holder": {"pid": 1}}))):
        (folder / f"{number}.json").write_text(text)
    assert in_force() == []


@pytest.mark.needs("ip", "nft")
def test_a_namespace_that_a_dead_run_left_is_taken_away(tmp_path: Path) -> None:
    """SIGKILL of the run that made it; the next run's recovery removes it, `stop` leaves a living run's alone."""
    script = (
        "import sys, time\nfrom entsurge.chaos.namespace import namespace\n"
        "with namespace() as name:\n    print(name, flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-1, text=True) as run:
        name = run.stdout.readline().strip()
        if not name:
            pytest.skip(run.stderr.read()[-200:])
        try:
            assert settle.stop(lambda *_: None)
            assert Path(f"/run/netns/{name}").exists()
        finally:
            run.kill()
    assert Path(f"/run/netns/{name}").exists()
    assert settle.recover(lambda *_: None)
    assert not Path(f"/run/netns/{name}").exists()


def test_stop_ends_everything_now(tmp_path: Path) -> None:
    """What a living run holds, too; the run hears of it."""
    flag = tmp_path / "flag"
    file = experiment(tmp_path / "x.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]})
    subject = Subject(tmp_path / "run", file, ENTSURGE_STATE=str(tmp_path / "state"))
    try:
        subject.wait_applied()
        command = [sys.executable, "-m", "entsurge", "chaos", "stop"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=os.environ)
        assert "x (command, run trial): ended" in done.stdout
        assert not flag.exists()
        until(lambda: "ended" in subject.states(), 5)
    finally:
        subject.close()


def test_another_process_with_the_same_id_is_not_touched() -> None:
    """Id and start time name a process; an older one's name is nobody's."""
    mine = Process.me()
    assert mine.alive()
    assert not Process(mine.pid, mine.started - 1).alive()
    assert not gone().alive()
