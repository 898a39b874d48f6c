"""An undo that fails: whoever tries it says so, nothing calls it an end, and it stays listed until it has succeeded."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_parts import page_server
from chaos_subject import Subject, experiment, until, write

from entsurge.chaos import endings
from entsurge.chaos.process import Process


def switch(folder: Path, *, times: int = 1000) -> dict:
    """A command whose `off` exits with 1 so many times, unless the file `mended` is there."""
    flag, tried, mended = folder / "flag", folder / "tried", folder / "mended"
    off = (
        f"echo x >> {tried}; if [ $(wc -l < {tried}) -gt {times} ] || [ -e {mended} ]; "
        f"then rm -f {flag}; else echo the pump is stuck >&2; exit 1; fi"
    )
    return {"on": ["touch", str(flag)], "off": ["sh", "-c", off]}


def action(name: str, *arguments: str, **more: object) -> dict:
    """An action of Chaos Toolkit's own process provider."""
    return {"type": "action", "name": name, "provider": {"type": "process", "path": arguments[0],
            "arguments": list(arguments[1:])}} | more  # fmt: skip


def ours(folder: Path) -> Path:
    """A fault of ours whose undo fails."""
    return experiment(folder / "pump.json", "command", switch(folder))


def foreign(folder: Path) -> Path:
    """Chaos Toolkit's own providers, with a rollback that fails."""
    of = switch(folder)
    return write(folder / "pump.json", [action("on", *of["on"])], [action("pump back", *of["off"])])


def both(folder: Path) -> Path:
    """A fault of ours that ends well, and a rollback beside it that fails."""
    path = experiment(folder / "pump.json", "command", {"on": ["true"], "off": ["true"]})
    whole = json.loads(path.read_text())
    of = switch(folder)
    whole["method"].insert(0, action("on", *of["on"]))
    whole["rollbacks"] = [action("pump back", *of["off"])]
    path.write_text(json.dumps(whole))
    return path


KINDS: dict[str, Callable[[Path], Path]] = {"ours": ours, "foreign": foreign, "both": both}


@pytest.fixture
def begun(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """One of KINDS, in force."""
    subject = Subject(tmp_path / "run", KINDS[request.param](tmp_path))
    try:
        subject.wait_applied()
        yield subject
    finally:
        subject.close()


def done(subject: Subject) -> None:
    """The controller has said all that it has to say."""
    until(lambda: subject.process.poll() is not None, 40, "the controller ends")
    subject.hearing.join(5)


def last(subject: Subject) -> dict:
    return [each for each in subject.said if "state" in each][-1]


def still_listed(subject: Subject, tmp_path: Path) -> None:
    """`recover` names it, its undo and why it failed, exits with 1, and ends it once it can; `audit` tells both."""
    said = subject.recover(expected=1)
    assert "pump" in said
    assert "still broken" in said
    assert "the pump is stuck" in said
    assert "its undo: " in said
    assert len(subject.in_force()) == 1
    (tmp_path / "mended").touch()
    assert "undone" in subject.recover()
    assert not (tmp_path / "flag").exists()
    assert "nothing was left" in subject.recover()
    told = subject.command("audit").stdout.splitlines()
    assert [line for line in told if "undo failed" in line and "the pump is stuck" in line]
    assert "undone (recover)" in told[-1]
    ends = [line for line in told if line.endswith(("ended (normal)", "ended (stop)")) and "rollbacks" in line]
    assert not ends


@pytest.mark.parametrize("begun", KINDS, indirect=True)
def test_a_normal_end_that_fails_is_none(begun: Subject, tmp_path: Path) -> None:
    """The run hears `undo failed` with its reason; the record stays, and `recover` tells the truth."""
    begun.tell(end="normal")
    done(begun)
    assert last(begun)["state"] == "undo failed"
    assert "the pump is stuck" in last(begun)["detail"]
    still_listed(begun, tmp_path)


@pytest.mark.parametrize("begun", ["ours", "foreign"], indirect=True)
def test_the_controller_says_it_of_a_child_that_was_killed(begun: Subject, tmp_path: Path) -> None:
    """SIGKILL of the child: the controller's own attempt fails, and is said."""
    begun.child().send(signal.SIGKILL)
    until(lambda: "undo failed" in begun.states(), 30, str(begun.said))
    begun.tell(end="normal")
    done(begun)
    assert last(begun)["state"] == "undo failed"
    still_listed(begun, tmp_path)


@pytest.mark.parametrize("begun", ["ours", "foreign"], indirect=True)
def test_the_guardian_s_failure_is_in_the_audit(begun: Subject, tmp_path: Path, monkeypatch) -> None:
    """SIGKILL of the controller and its child: the guardian fails; the engine finds out from the audit."""
    controller, child = Process.of(begun.process.pid), begun.child()
    begun.process.kill()
    child.send(signal.SIGKILL)
    begun.process.wait(10)
    monkeypatch.setenv("ENTSURGE_STATE", str(begun.state))
    found = endings.of_controller(controller, 20)
    assert found["pump"].state == endings.FAILED
    assert "the pump is stuck" in found["pump"].detail
    assert begun.audit()[-1]["how"] == "guardian"
    still_listed(begun, tmp_path)


@pytest.mark.parametrize("begun", ["ours", "foreign"], indirect=True)
def test_stop_says_what_it_could_not_end(begun: Subject, tmp_path: Path) -> None:
    """`chaos stop` exits with 1 and says it; so does the run that held it."""
    stopped = begun.command("stop")
    assert stopped.returncode == 1
    assert "the pump is stuck" in stopped.stdout
    assert "1 still broken" in stopped.stderr
    until(lambda: "undo failed" in begun.states(), 30, str(begun.said))
    begun.tell(end="normal")
    done(begun)
    still_listed(begun, tmp_path)


def test_a_second_attempt_that_succeeds_is_an_end(tmp_path: Path) -> None:
    """Its child's undo fails, the controller's does not: told apart from a normal end, and nothing is left."""
    subject = Subject(tmp_path / "run", experiment(tmp_path / "pump.json", "command", switch(tmp_path, times=1)))
    try:
        subject.wait_applied()
        subject.tell(end="normal")
        done(subject)
        assert subject.states() == ["applied", "undo failed", "undone"]
        assert not subject.in_force()
        assert "nothing was left" in subject.recover()
    finally:
        subject.close()


def test_a_lease_that_ends_it_is_told_from_a_normal_end(tmp_path: Path) -> None:
    """A target that answers 500 to the call that switches off: left to its lease, and why."""
    with page_server() as server:
        refuse = {"do_DELETE": lambda self: self.send_error(500)}
        server.RequestHandlerClass = type("Broken", (server.RequestHandlerClass,), refuse)
        settings = {"target": f"http://127.0.0.1:{server.server_port}", "measure": "news-closed"}
        subject = Subject(tmp_path / "run", experiment(tmp_path / "news.json", "target-measure", settings))
        try:
            subject.wait_applied()
            subject.tell(end="normal")
            done(subject)
            assert subject.states() == ["applied", "undo failed", "left to its lease"]
            assert "answered 500 to DELETE" in last(subject)["detail"]
            assert not subject.in_force()
        finally:
            subject.close()


def test_a_holder_that_was_killed_leaves_it_to_its_lease(tmp_path: Path) -> None:
    """Nobody switches it off; the run says so instead of `ended`."""
    with page_server() as server:
        settings = {"target": f"http://127.0.0.1:{server.server_port}", "measure": "news-closed"}
        subject = Subject(tmp_path / "run", experiment(tmp_path / "news.json", "target-measure", settings))
        try:
            subject.wait_applied()
            subject.child().send(signal.SIGKILL)
            until(lambda: "left to its lease" in subject.states(), 20, str(subject.said))
            assert "its holder is gone" in last(subject)["detail"]
        finally:
            subject.close()


@pytest.mark.parametrize(
    ("rollback", "said"),
    [
        (action("back", "sh", "-c", "echo no power >&2; exit 3"), "back: exit 3: no power"),
        (
            {"type": "action", "name": "back", "provider": {"type": "python", "module": "os", "func": "rmdir",
             "arguments": {"path": "/nowhere"}}}, "back: ",
        ),
        (
            {"type": "action", "name": "back", "provider": {"type": "http", "url": "http://127.0.0.1:9/",
             "timeout": 1}}, "back: ",
        ),
        (action("back", "sh", "-c", "exit 0", tolerance=4), "back: out of its tolerance"),
    ],
    ids=["process", "python", "http", "tolerance"],
)  # fmt: skip
def test_whatever_its_provider_a_rollback_that_fails_is_known(tmp_path: Path, rollback: dict, said: str) -> None:
    """A process that exits with 3, an exception, a server that is not there, an answer out of its tolerance."""
    file = write(tmp_path / "any.json", [action("on", "true")], [rollback])
    subject = Subject(tmp_path / "run", file)
    try:
        subject.wait_applied()
        subject.tell(end="normal")
        done(subject)
        assert last(subject)["state"] == "undo failed", subject.said
        assert last(subject)["detail"].startswith(said)
        assert len(subject.in_force()) == 1
    finally:
        subject.close()


def test_a_rollback_s_tolerance_is_its_author_s(tmp_path: Path) -> None:
    """Exit 1 is well where the activity says that it is."""
    rollback = action("back", "sh", "-c", "exit 1", tolerance=1)
    subject = Subject(tmp_path / "run", write(tmp_path / "any.json", [action("on", "true")], [rollback]))
    try:
        subject.wait_applied()
        subject.tell(end="normal")
        done(subject)
        assert subject.states() == ["applied", "ended"]
        assert not subject.in_force()
    finally:
        subject.close()


def test_a_method_that_failed_was_never_in_force(tmp_path: Path) -> None:
    """Its action exits with 1: refused with the reason, its rollbacks performed, nothing left."""
    flag = tmp_path / "flag"
    file = write(tmp_path / "any.json", [action("on", "sh", "-c", "exit 1")], [action("back", "touch", str(flag))])
    subject = Subject(tmp_path / "run", file)
    try:
        until(lambda: any("refused" in each for each in subject.said), 20, str(subject.said))
        assert "on: exit 1" in next(each["refused"] for each in subject.said if "refused" in each)
        done(subject)
        assert "applied" not in subject.states()
        assert flag.exists()
        assert not subject.in_force()
    finally:
        subject.close()


@pytest.mark.parametrize("kind", ["ours", "foreign"])
def test_a_steady_state_that_no_longer_holds_is_said(tmp_path: Path, kind: str) -> None:
    """Held before and not after: the run hears which probe and what it found, and the audit keeps it."""
    worn = tmp_path / "worn"
    on, off = ["touch", str(worn)], ["true"]
    if kind == "ours":
        file = experiment(tmp_path / "wear.json", "command", {"on": on, "off": off})
    else:
        file = write(tmp_path / "wear.json", [action("on", *on)], [action("off", *off)])
    whole = json.loads(file.read_text())
    probe = action("pump whole", "sh", "-c", f"test ! -e {worn}", type="probe", tolerance=0)
    whole["steady-state-hypothesis"] = {"title": "whole", "probes": [probe]}
    file.write_text(json.dumps(whole))
    subject = Subject(tmp_path / "run", file)
    try:
        subject.wait_applied()
        subject.tell(end="normal")
        done(subject)
        assert sorted(set(subject.states()) - {"unsteady"}) == ["applied", "deviated", "ended"]
        said = next(each["detail"] for each in subject.said if each.get("state") == "deviated")
        assert said.startswith("pump whole: expected 0, found ")
        assert [each["state"] for each in subject.audit()].count("deviated") == 1
        assert "pump whole" in subject.command("audit").stdout
    finally:
        subject.close()


def test_an_undo_that_takes_its_time_leaves_other_faults_in_force(tmp_path: Path) -> None:
    """One child is killed and its undo takes three leases: the other, which the controller holds, goes on."""
    slow = experiment(tmp_path / "slow.json", "command", {"on": ["true"], "off": ["sleep", "3"]})
    flag = tmp_path / "held"
    held = experiment(tmp_path / "held.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]})
    subject = Subject(tmp_path / "run", slow, beside=held)
    try:
        until(lambda: subject.states().count("applied") == 2, what=str(subject.said))
        records = [json.loads(path.read_text()) for path in (subject.state / "in-force").glob("*.json")]
        holder = next(each["holder"] for each in records if each["experiment"] == "slow")
        begun = time.monotonic()
        Process(**holder).send(signal.SIGKILL)
        until(lambda: "undone" in subject.states(), 20, str(subject.said))
        assert time.monotonic() - begun >= 3
        assert flag.exists()
        assert [each["id"] for each in subject.said if each.get("state") == "ended"] == []
        subject.tell(end="normal")
        done(subject)
        assert not flag.exists()
    finally:
        subject.close()


def test_an_undo_may_take_as_long_as_its_experiment_says(tmp_path: Path) -> None:
    """Twelve seconds of the fifteen that it asked for: ended once, in order, by its own holder."""
    tried = tmp_path / "tried"
    off = ["sh", "-c", f"echo x >> {tried}; sleep 12"]
    file = experiment(tmp_path / "slow.json", "command", {"on": ["true"], "off": off}, undo_seconds=15)
    subject = Subject(tmp_path / "run", file)
    try:
        subject.wait_applied()
        subject.tell(end="normal")
        done(subject)
        assert subject.states() == ["applied", "ended"]
        assert tried.read_text() == "x\n"
    finally:
        subject.close()


def test_what_an_undo_raises_never_stops_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that nobody can read the undo of is said to be broken; the next one is undone."""
    from entsurge.chaos import settle
    from entsurge.chaos.state import Record

    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))
    dead, flag = Process(os.getpid(), 1), tmp_path / "flag"
    for name, kind, settings, before in (
        ("a", "rollbacks", {}, {"odd": 1}), ("b", "earthquake", {}, {}),
        ("c", "certificate-expired", {"certificate": "/nowhere/x", "key": "k", "reload": ["true"]}, {"pem": "é"}),
        ("d", "command", {"on": ["true"], "off": ["touch", str(flag)]}, {"off": True}),
    ):  # fmt: skip
        Record(
            experiment=name, kind=kind, settings=settings, lease="guardian", lease_seconds=1.0, before=before,
            holder=dead, controller=None, run="r", id=name * 12,
        ).write()  # fmt: skip
    said: dict[str, str] = {}
    left = settle.recover(lambda record, word: said.update({record.experiment: word}))
    assert [record.experiment for record in left] == ["a", "b", "c"]
    assert flag.exists()
    assert said.pop("d") == "undone"
    assert all(word.startswith("failed: ") for word in said.values())
    assert len(said) == 3
    assert sys.exc_info() == (None, None, None)
