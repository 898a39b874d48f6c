"""What is on disk: one ends a record once; the audit shows when it was touched; recover and stop."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_subject import Subject, experiment, until
from click.testing import CliRunner

from entsurge.chaos import settle
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit, audited, in_force, project
from entsurge.chaos.victim import descendants
from entsurge.commands.chaos import command as chaos
from entsurge.commands.perturbed import perturbed
from entsurge.commands.targets import Chosen
from entsurge.errors import EntsurgeError


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


def test_stop_ends_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    """By experiment, by run, by both; of another project's run of the same name nothing is touched."""
    named = [("trial", "r"), ("trial", "s"), ("another", "r")]
    for what, of_run in named:
        dataclasses.replace(a_record(tmp_path, gone()), experiment=what, run=of_run, id=f"{what}{of_run}").write()
    elsewhere = dataclasses.replace(a_record(tmp_path, gone()), project="/elsewhere", id="elsewhere")
    elsewhere.write()

    def stop(*arguments: str) -> list[tuple[str, str]]:
        done = CliRunner().invoke(chaos, ["stop", *arguments])
        assert "nothing is in force" in done.output or "undone" in done.output
        return sorted((one.experiment, one.run) for one in in_force() if one.id != "elsewhere")

    assert stop("nothing-of-this-name") == sorted(named)
    assert stop("trial", "--run", "r") == [("another", "r"), ("trial", "s")]
    assert stop("--run", "r") == [("trial", "s")]
    assert elsewhere.path.is_file()
    assert stop() == []
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
    """By its id, once, by whoever says yes; the audit keeps it with what was not undone, and the undo is not run."""
    record = a_record(tmp_path, gone())
    record.write()
    command = [sys.executable, "-m", "entsurge", "chaos", "recover", "--forget", record.id]
    quiet = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL}
    asked = subprocess.run(command, check=False, **quiet)
    assert asked.returncode == 2
    assert "has its undo been done by hand? sh -c " in asked.stderr
    assert "--yes" in asked.stderr
    assert [each.id for each in in_force()] == [record.id]
    assert [subprocess.run([*command, "--yes"], check=False, **quiet).returncode for _ in "12"] == [0, 2]
    assert not (tmp_path / "undone").exists()
    last = audited()[0][-1]
    assert (last["state"], last["how"], last["id"]) == ("forgotten", "by hand", record.id)
    assert "echo undone" in last["detail"]


def test_recover_leaves_what_lives_alone(tmp_path: Path) -> None:
    """A record whose holder lives is somebody's run."""
    record = a_record(tmp_path, Process.me())
    record.write()
    assert settle.recover(lambda *_: None) == []
    assert [each.id for each in in_force()] == [record.id]
    with record.ending():
        pass


CHAIN = "line {} does not follow the line before it: the audit was touched or cut"


def test_the_audit_shows_where_it_was_touched(tmp_path: Path) -> None:
    """A changed line, a line that was cut out, and lines that were cut off its end; the command says so and exits 1."""
    record = a_record(tmp_path, Process.me())
    for state in ("applying", "applied", "ended"):
        audit(record, state)
    assert audited()[1] == []
    path = tmp_path / "state" / "audit.jsonl"
    assert {each.stat().st_mode & 0o777 for each in (path, path.with_suffix(".seal"))} == {0o600}
    whole = path.read_text().splitlines(keepends=True)
    path.write_text(whole[0] + whole[1].replace("applied", "nothing") + whole[2])
    assert audited()[1] == [CHAIN.format(3)]
    path.write_text(whole[0] + whole[2])
    assert audited()[1] == [CHAIN.format(2), "1 of 3 lines are missing"]
    path.write_text(whole[0])
    assert audited()[1] == ["2 of 3 lines are missing"]
    path.write_text(whole[0] + whole[1] + whole[2].replace("ended", "undone"))
    assert audited()[1] == ["line 3 is not the one that was sealed"]
    path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "entsurge", "chaos", "audit"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "3 of 3 lines are missing\n")


@pytest.mark.parametrize("kept", [1, 2])
def test_a_cut_stays_to_be_seen_whatever_is_written_after_it(tmp_path: Path, kept: int) -> None:
    """The next line is numbered after those that were sealed, and names the one that is gone."""
    record = a_record(tmp_path, Process.me())
    for state in ("applying", "applied", "ended"):
        audit(record, state)
    path = tmp_path / "state" / "audit.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:kept]))
    audit(record, "applying")
    rows, wrong = audited()
    assert rows[-1]["line"] == 4
    assert wrong == [CHAIN.format(kept + 1), f"{3 - kept} of 4 lines are missing"]


def test_a_crash_between_a_line_and_its_seal_is_no_cut(tmp_path: Path) -> None:
    """One line more than was sealed, or half a line at the end: the next one follows what is there."""
    record = a_record(tmp_path, Process.me())
    audit(record, "applying")
    path = tmp_path / "state" / "audit.jsonl"
    seal = path.with_suffix(".seal").read_bytes()
    audit(record, "applied")
    path.with_suffix(".seal").write_bytes(seal)
    assert audited()[1] == []
    audit(record, "ended")
    assert audited()[1] == []
    with path.open("a") as stream:
        stream.write('{"half')
    audit(record, "applying")
    assert [row.get("line") for row in audited()[0]] == [1, 2, 3, None, 5]
    assert audited()[1] == [CHAIN.format(4)]


def test_an_audit_of_before_there_were_seals_is_whole(tmp_path: Path) -> None:
    """Without numbers and seal; one that is numbered and has lost its seal is not."""
    record = a_record(tmp_path, Process.me())
    audit(record, "applying")
    path = tmp_path / "state" / "audit.jsonl"
    path.with_suffix(".seal").unlink()
    assert audited()[1] == ["its seal is missing: lines may have been cut off its end"]
    path.write_text(path.read_text().replace('"line":1,', ""))
    assert audited()[1] == []
    audit(record, "ended")
    assert audited()[1] == []


def test_half_a_record_is_passed_over(tmp_path: Path) -> None:
    """A file that is no record ends nothing."""
    folder = tmp_path / "state" / "in-force"
    folder.mkdir(parents=True)
    for number, text in enumerate(("", "{", "[]", '{"id": 1}', json.dumps({"holder": {"pid": 1}}))):
        (folder / f"{number}.json").write_text(text)
    assert in_force() == []


@contextlib.contextmanager
def a_run_with_a_namespace() -> Iterator[tuple[subprocess.Popen, str, Path]]:
    """A process that has made one, as `entsurge run` does: its name and its place."""
    script = (
        "import sys, time\nfrom entsurge.chaos.namespace import namespace\n"
        "with namespace() as name:\n    print(name, flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-1, text=True) as run:
        name = run.stdout.readline().strip()
        if not name:
            pytest.skip(run.stderr.read()[-200:])
        try:
            yield run, name, Path(f"/run/netns/{name}")
        finally:
            run.kill()
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.mark.needs("ip", "nft")
def test_a_namespace_goes_with_its_run_however_it_is_killed() -> None:
    """SIGKILL of the run that made it: its guardian takes it away; `stop` leaves a living run's alone."""
    with a_run_with_a_namespace() as (run, name, place):
        assert settle.stop(lambda *_: None) == []
        assert place.exists()
        run.kill()
        until(lambda: not place.exists(), 10)
        until(lambda: not in_force(), 10)
        told = [(row["state"], row["how"]) for row in audited()[0] if row["experiment"] == name]
        assert told == [("applying", ""), ("undone", "guardian")]


@pytest.mark.needs("ip", "nft")
def test_a_namespace_whose_guardian_was_killed_too_is_recovered() -> None:
    """Nobody is left who knows: it stays on the list, and the next recovery takes it away."""
    with a_run_with_a_namespace() as (run, _, place):
        (watching,) = [
            each for each in descendants(run.pid) if b"guardian" in Path(f"/proc/{each.pid}/cmdline").read_bytes()
        ]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            watching.send(number)
            run.send_signal(number)
        run.wait(10)
        assert place.exists()
        assert settle.recover(lambda *_: None) == []
        assert not place.exists()


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


HERE, PREPROD = "http://127.0.0.1:8080/", "https://preprod.ent.example/"


@pytest.mark.parametrize(
    ("target", "whose", "stands_in_the_way"),
    [
        (HERE, "ours", True),
        ("http://localhost:8080", "ours", True),
        ("http://[::1]:8080/portal", "ours", True),
        ("http://127.0.0.1:9090/", "ours", False),
        (HERE, "theirs", False),
        (PREPROD, "ours", False),
        ("", "ours", True),
        ("", "theirs", False),
        (HERE, "", True),
        ("", "", True),
        ("nonsense", "ours", False),
    ],
)
def test_what_is_left_is_in_the_way_on_its_own_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, whose: str, *, stands_in_the_way: bool
) -> None:
    """Loopback is another server in every checkout; what nobody said a target or a project of is in the way."""
    monkeypatch.setenv("ENTSURGE_PROJECT", "ours")
    record = dataclasses.replace(a_record(tmp_path, gone()), target=target, project=whose)
    assert settle.in_the_way(record, HERE) == stands_in_the_way


def test_a_target_beyond_loopback_is_the_same_for_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever checkout broke it; by its port too."""
    monkeypatch.setenv("ENTSURGE_PROJECT", "ours")
    record = dataclasses.replace(a_record(tmp_path, gone()), target=PREPROD, project="theirs")
    assert settle.in_the_way(record, "https://PREPROD.ent.example:443/home")
    assert not settle.in_the_way(record, "https://preprod.ent.example:8443/")


def test_a_run_undoes_what_is_its_own_and_is_kept_from_its_own_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another checkout's leftover is not touched, and warned of; ours elsewhere is tried, and does not block either."""
    monkeypatch.setenv("ENTSURGE_PROJECT", "ours")
    stuck = {"on": ["true"], "off": ["false"]}
    for name, target, whose, settings in (
        ("their-call", HERE, "theirs", stuck), ("our-other", PREPROD, "ours", stuck),
        ("our-own", HERE, "ours", {"on": ["true"], "off": ["true"]}),
    ):  # fmt: skip
        record = a_record(tmp_path, gone())
        dataclasses.replace(record, experiment=name, target=target, project=whose, settings=settings).write()
    with perturbed([], Chosen(HERE, "portal", "here")) as front:
        assert not front.edge
    said = capsys.readouterr().err
    assert "our-own was left by run r: undone" in said
    assert f"their-call, left by run r of theirs, is still in force on {HERE}; not in the way" in said
    assert f"our-other, left by run r of ours, is still in force on {PREPROD}; not in the way" in said
    assert not any(row["experiment"] == "their-call" for row in audited()[0])
    assert sorted(record.experiment for record in in_force()) == ["our-other", "their-call"]
    with pytest.raises(EntsurgeError, match="still broken"), perturbed([], Chosen(PREPROD, "portal", "preprod")):
        pass


def test_a_record_of_an_older_version_is_in_everybody_s_way(tmp_path: Path) -> None:
    """It names neither target nor project."""
    a_record(tmp_path, gone()).write()
    path = next((tmp_path / "state" / "in-force").glob("*.json"))
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({name: of for name, of in whole.items() if name not in ("target", "project")}))
    (found,) = in_force()
    assert (found.target, found.project) == ("", "")
    assert settle.in_the_way(found, PREPROD)


def test_a_project_is_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder of it; without one, the folder itself; or what it is called."""
    monkeypatch.delenv("ENTSURGE_PROJECT", raising=False)
    below = tmp_path / "checkout" / "below"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert project() == str(below)
    (tmp_path / "checkout" / ".git").mkdir()
    assert project() == str(tmp_path / "checkout")
    monkeypatch.setenv("ENTSURGE_PROJECT", "ours")
    assert project() == "ours"
