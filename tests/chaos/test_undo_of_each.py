"""Each fault's own undo, where it cannot be done: it says why, does the rest, and is done when it is tried again."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from chaos_parts import HAPROXY, Lacking, ask, cluster, command_alive, free_port, namespace, page_server
from chaos_subject import until

from entsurge.chaos import cgroup
from entsurge.chaos.edge import edge, envoy_path
from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import ONLY_UNDONE, REGISTRY, make
from entsurge.chaos.haproxy import ask as runtime
from entsurge.chaos.process import Process
from entsurge.errors import EntsurgeError

SLEEP = [sys.executable, "-S", "-c", "import time\nwhile True: time.sleep(.05)"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))


def held(kind: str, **settings: object) -> tuple:
    """The fault in force, and what it found before."""
    one = make(kind, settings)
    if one.lacks():
        pytest.skip("; ".join(one.lacks()))
    before = one.prepare()
    one.apply(2.0)
    return one, before


@pytest.mark.skipif(envoy_path() is None, reason="needs Envoy")
def test_an_envoy_that_does_not_say_so() -> None:
    """Stopped, it has taken nothing back; the TTL ends it, and that is said. A fault that never was has none to say."""
    with page_server() as server, edge(f"http://127.0.0.1:{server.server_port}") as front:
        one, before = held("envoy-abort", control_port=front.control_port)
        front.process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(EntsurgeError, match="Envoy was to take the fault back, and did not say so"):
                one.end(before)
        finally:
            front.process.send_signal(signal.SIGCONT)
        until(lambda: ask(front.url)[0] == 200, 6, "the TTL ends it")
        again, before = held("envoy-abort", control_port=front.control_port)
        assert ask(front.url)[0] == 503
        again.end(before)
        assert ask(front.url)[0] == 200
    never = make("envoy-abort", {"control_port": free_port() - 1})
    with pytest.raises(EntsurgeError, match="no Envoy asked"):
        never.apply(1.0)
    never.end({})


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Stop it, and wait until it is: a signal is delivered when the receiver is next at the processor."""
    process.send_signal(signal.SIGSTOP)
    until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", 30)


@pytest.mark.needs("haproxy")
def test_an_haproxy_that_is_there_and_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen: not undone. A server that it refuses: the other one is put back all the same. Gone: nothing is left."""
    monkeypatch.setattr("entsurge.chaos.haproxy.ANSWER_SECONDS", 0.5)
    port, admin = free_port(), str(tmp_path / "admin.sock")
    config = HAPROXY.format(folder=tmp_path, port=port, target=9) + "  server two 127.0.0.1:9 maxconn 50\n"
    (tmp_path / "h.cfg").write_text(config)

    def states() -> list[str]:
        lines = runtime(admin, "show stat").splitlines()
        return [line.split(",")[17].split()[0] for line in lines if line.startswith(("portal,one", "portal,two"))]

    with command_alive(["haproxy", "-f", str(tmp_path / "h.cfg"), "-db", "-q"], stderr=subprocess.DEVNULL) as proxy:
        until(lambda: Path(admin).exists(), 10)
        one, before = held("haproxy-backend-down", socket=admin, backend="portal")
        freeze(proxy)
        try:
            with pytest.raises(EntsurgeError, match="does not answer"):
                one.undo(before)
        finally:
            proxy.send_signal(signal.SIGCONT)
        one.apply(2.0)
        assert states() == ["MAINT", "MAINT"]
        with pytest.raises(EntsurgeError, match=r"HAProxy refused .*nobody"):
            one.undo({"ready": {"nobody": "ready", **before["ready"]}})
        assert "MAINT" not in states()
        assert "set server portal/one state ready" in one.way_back(before)
        for kind, settings in (("haproxy-pool", {"backend": "portal", "most": 1}),
                               ("haproxy-slow-connect", {"connections_per_second": 1})):  # fmt: skip
            other, kept = held(kind, socket=admin, **settings)
            freeze(proxy)
            try:
                with pytest.raises(EntsurgeError, match="does not answer"):
                    other.undo(kept)
            finally:
                proxy.send_signal(signal.SIGCONT)
            other.undo(kept)
            assert other.way_back(kept)
    one.undo(before)


@pytest.mark.slow
def test_a_postgresql_that_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are gone when the server says so; where it is not there to say it, that is said."""
    from entsurge.chaos import postgres

    monkeypatch.setattr(postgres, "GONE_SECONDS", 0.5)
    context = cluster(tmp_path)
    try:
        dsn = context.__enter__()
    except Lacking as lacking:
        pytest.skip(str(lacking))
    try:
        monkeypatch.setenv("ENTSURGE_PG_DSN", dsn + "app")
        one, before = held("postgres-sessions", sessions=30)
        one.end(before)
        with psycopg.connect(dsn + "postgres") as seen:
            left = seen.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'entsurge fault'").fetchall()
        assert not left
        one, before = held("postgres-sessions", sessions=2)
        monkeypatch.setenv("ENTSURGE_PG_DSN", "host=127.0.0.1 port=9 user=x")
        with pytest.raises(EntsurgeError, match="does not say that 2 sessions have ended"):
            one.end(before)
    finally:
        context.__exit__(None, None, None)


def test_a_process_that_is_not_started_again(tmp_path: Path) -> None:
    """A restart that fails, one that starts nothing, a supervisor that does not; then one that does."""
    pid_file = tmp_path / "pid"

    def victim() -> subprocess.Popen:
        child = subprocess.Popen(SLEEP, start_new_session=True)
        pid_file.write_text(str(child.pid))
        return child

    child = victim()
    threading.Thread(target=child.wait, daemon=True).start()
    fails, before = held("process-kill", pid_file=str(pid_file), restart=["sh", "-c", "exit 7"])
    with pytest.raises(EntsurgeError, match="restart: sh -c 'exit 7': exit 7"):
        fails.undo(before)
    starts_nothing = make("process-kill", {"pid_file": str(pid_file), "restart": ["true"]})
    with pytest.raises(EntsurgeError, match="no process in"):
        starts_nothing.undo(before)
    supervised = make("process-kill", {"pid_file": str(pid_file)})
    with pytest.raises(EntsurgeError, match="no process in"):
        supervised.undo(before)
    back = victim()
    try:
        for each in (fails, starts_nothing, supervised):
            each.undo(before)
    finally:
        back.kill()
        back.wait()
    by_pid = make("process-kill", {"pid": back.pid, "restart": ["sh", "-c", "exit 7"]})
    with pytest.raises(EntsurgeError, match="exit 7"):
        by_pid.undo({})
    make("process-kill", {"pid": back.pid, "restart": ["true"]}).undo({})
    make("process-kill", {"pid": back.pid}).undo({})


def test_whom_a_frozen_process_had_started_goes_on_too(tmp_path: Path) -> None:
    """A child that was born after `prepare` is frozen with its parent, and thawed with it."""
    born = tmp_path / "born"
    script = (
        f"import pathlib, subprocess, sys, time\nwhile not pathlib.Path({str(tmp_path / 'now')!r}).exists(): "
        f"time.sleep(.01)\nc = subprocess.Popen({SLEEP!r})\npathlib.Path({str(born)!r}).write_text(str(c.pid))\n"
        "while True: time.sleep(.05)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    try:
        one = make("process-freeze", {"pid": parent.pid})
        before = one.prepare()
        (tmp_path / "now").touch()
        until(lambda: born.exists() and born.read_text(), 10)
        child = Process.of(int(born.read_text()))
        one.apply(2.0)
        until(child.stopped, 5)
        one.undo(before)
        assert not child.stopped()
        assert not Process.of(parent.pid).stopped()
        assert f"kill -CONT {parent.pid}" in one.way_back(before)
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to have another user's process")
def test_a_process_that_may_not_be_told_to_go_on(tmp_path: Path) -> None:
    """Another user's: the reason is said, and it is not called undone."""
    mine = subprocess.Popen(SLEEP, start_new_session=True)
    script = (
        "import os, sys\n"
        "from entsurge.chaos.faults.fault import make\nfrom entsurge.chaos.process import Process\n"
        "one = Process.of(int(sys.argv[1]))\nfault = make('process-freeze', {'pid': one.pid})\n"
        "os.setgid(65534)\nos.setuid(65534)\n"
        "try: fault.undo({'frozen': [[one.pid, one.started]]})\n"
        "except Exception as error: print(error)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(mine.pid)], capture_output=True, text=True, timeout=30, check=False
        )
        assert f"process {mine.pid}: Operation not permitted" in done.stdout, done.stderr
    finally:
        mine.kill()
        mine.wait()


def test_a_control_group_whose_home_is_gone() -> None:
    """Its processes go where they can; a group that cannot be removed is said."""
    if cgroup.lacks():
        pytest.skip("; ".join(cgroup.lacks()))
    mine = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        one, before = held("process-throttle", pid=mine.pid, processors=0.5)
        below = cgroup.root() / before["group"] / "below"
        below.mkdir()
        try:
            with pytest.raises(EntsurgeError, match=f"control group {before['group']}"):
                one.undo(before)
        finally:
            below.rmdir()
        assert str(mine.pid) in one.way_back(before)
        one.undo(before | {"homes": ["/nowhere/at/all"] * len(before["homes"])})
        assert not (cgroup.root() / before["group"]).exists()
        assert "entsurge" not in Path(f"/proc/{mine.pid}/cgroup").read_text()
    finally:
        mine.kill()
        mine.wait()


@pytest.mark.needs("ip", "nft")
def test_a_table_that_its_socket_did_not_take_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called ended while the kernel lists it; a namespace that is gone has no table."""
    from entsurge.chaos import nft

    monkeypatch.setattr(nft, "TAKEN_SECONDS", 1.0)
    try:
        context = namespace(f"ent-{os.getpid()}-undo")
        name = context.__enter__()
    except Lacking as lacking:
        pytest.skip(str(lacking))
    try:
        one, before = held("network-loss", netns=name, percent=10)
        table = one._table
        one.end(before)
        run = ["ip", "netns", "exec", name, "nft"]
        table_again = (
            f"add table inet {table}; add set inet {table} ports {{ type inet_service; flags interval; }}; "
            f"add chain inet {table} x {{ type filter hook input priority 0; }}; "
            f"add rule inet {table} x tcp dport @ports drop"
        )
        subprocess.run([*run, table_again], check=True)
        with pytest.raises(EntsurgeError, match="still has the table"):
            one.end(before)
        subprocess.run([*run, "delete", "table", "inet", table], check=True)
    finally:
        context.__exit__(None, None, None)
    one.end(before)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("network-delay", {"netns": "lo-test", "delay_ms": 5}), ("namespace", {"name": "entsurge-1"})],
)
def test_what_the_network_tools_refuse_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, settings: dict
) -> None:
    """An `ip` that refuses (not every kernel has netem): said while the place is there, nothing when it is not."""
    fake = tmp_path / "bin" / "ip"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\ncase "$*" in *show*) echo qdisc netem 1: ;; *) echo not today >&2; exit 2;; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    monkeypatch.setattr("entsurge.chaos.faults.namespace.PLACES", tmp_path)
    monkeypatch.setattr("entsurge.chaos.faults.network_delay.PLACES", tmp_path)
    one = make(kind, settings)
    one.undo({})
    place = tmp_path / (settings.get("netns") or settings["name"])
    place.touch()
    with pytest.raises(EntsurgeError, match="not today"):
        one.undo({})
    assert one.way_back({}).startswith("ip netns")


def test_a_certificate_that_nobody_reads_again(tmp_path: Path) -> None:
    """The file is back; a reload that fails or is not there is said: the server still shows the expired one."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", cert, "-days", "2", "-subj", "/CN=ent"], check=True, capture_output=True,
    )  # fmt: skip
    whole = cert.read_text()
    settings = {"certificate": str(cert), "key": str(key)}
    one, before = held("certificate-expired", **settings, reload=["true"])
    assert cert.read_text() != whole
    for reload in (["sh", "-c", "echo no such unit >&2; exit 5"], [str(tmp_path / "missing")]):
        with pytest.raises(EntsurgeError, match="reload: "):
            make("certificate-expired", settings | {"reload": reload}).undo(before)
        assert cert.read_text() == whole
    one.undo(before)
    assert "then true" in one.way_back(before)


def test_a_call_that_is_answered_with_an_error() -> None:
    """500 to the way back, of a measure of anybody's and of the embedded ENT's: said; 200 the next time."""
    with page_server() as server:
        url = f"http://127.0.0.1:{server.server_port}/state"
        settings = {"on": {"url": url, "method": "PUT", "body": {}}, "off": {"url": url, "method": "DELETE"}}
        ours, before = held("http-call", **settings)
        theirs, nothing = held("target-measure", target=url, measure="news-closed")
        well = server.RequestHandlerClass
        server.RequestHandlerClass = type("Broken", (well,), {"do_DELETE": lambda self: self.send_error(500)})
        for one, kept in ((ours, before), (theirs, nothing)):
            with pytest.raises(EntsurgeError, match="answered 500 to DELETE"):
                one.end(kept)
        server.RequestHandlerClass = well
        ours.undo(before)
        theirs.end(nothing)
        assert ours.way_back(before) == f"DELETE {url}"
        assert theirs.way_back({}).endswith("/admin/measures/news-closed")
    with pytest.raises(EntsurgeError):
        ours.undo(before)


def test_an_operator_who_does_not_confirm() -> None:
    """Nobody confirmed: said, and the question stays open."""
    one = make("operator", {"please": "close it", "then": "open it", "within_seconds": 0.2})
    begun = time.monotonic()
    with pytest.raises(EntsurgeError, match="nobody confirmed: open it"):
        one.end({"then": "open it"})
    assert time.monotonic() - begun < 5
    assert one.way_back({"then": "open it"}) == "open it"


def test_who_must_undo_it_by_hand_is_told_how() -> None:
    """Every fault that nothing ends by itself has its way back in words."""
    register_all()
    for kind, of in REGISTRY.items():
        if of.lease == "guardian" and kind not in ONLY_UNDONE:
            assert "way_back" in {name for one in of.__mro__[:-1] if one.__module__ != "entsurge.chaos.faults.fault"
                                  for name in vars(one)}, kind  # fmt: skip
