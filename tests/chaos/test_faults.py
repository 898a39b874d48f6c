"""Every fault does what it says, to whom it says, with real Envoy, HAProxy, PostgreSQL, nftables, control groups."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chaos_cases import CASES
from chaos_parts import HAPROXY, Lacking, ask, cluster, command_alive, free_port, namespace, page_server
from chaos_subject import until

from entsandbox.settings import Settings
from entsurge.chaos.edge import edge
from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import REGISTRY, Fault, make
from entsurge.commands.processes import sandbox
from entsurge.errors import EntsurgeError

LEASE_SECONDS = 2.0


class Held:
    """A fault in force for the length of a block, its lease renewed all the while; the block gets the fault."""

    def __init__(self, kind: str, **settings: object) -> None:
        self.fault: Fault = make(kind, settings)
        self.over = threading.Event()

    def __enter__(self) -> Fault:
        self.before = self.fault.prepare()
        self.fault.apply(LEASE_SECONDS)
        self.renewing = threading.Thread(target=self._renew)
        self.renewing.start()
        return self.fault

    def _renew(self) -> None:
        while not self.over.wait(LEASE_SECONDS / 4):
            self.fault.renew()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.renewing.join()
        self.fault.end(self.before)


def test_envoy_hits_whom_it_is_aimed_at() -> None:
    """A persona on a route, never another route, another persona, or the control cohort; all of it ends."""
    with page_server() as server, edge(f"http://127.0.0.1:{server.server_port}") as front:

        def status(path: str, persona: str, cohort: str = "exposed") -> int:
            return ask(front.url + path, {"X-Entsurge-Persona": persona, "X-Entsurge-Cohort": cohort})[0]

        aim = {"routes": ["/etab/*/visio"], "personas": ["student", "parent"], "control_port": front.control_port}
        with Held("envoy-abort", status=502, **aim):
            assert status("/etab/9990001X/visio", "student") == 502
            assert status("/etab/9990001X/visio/4", "parent") == 502
            assert status("/etab/9990001X/visio", "teacher") == 200
            assert status("/etab/9990001X/notes", "student") == 200
            assert status("/etab/9990001X/visio", "student", "control") == 200
        assert status("/etab/9990001X/visio", "student") == 200


@pytest.mark.slow
def test_envoy_hits_the_share_that_it_is_told() -> None:
    """Thirty of a hundred requests, within four standard deviations of 400."""
    with page_server() as server, edge(f"http://127.0.0.1:{server.server_port}") as front:
        with Held("envoy-abort", percent=30, control_port=front.control_port):
            hit = sum(ask(front.url)[0] == 503 for _ in range(400))
        assert abs(hit - 120) < 4 * (400 * 0.3 * 0.7) ** 0.5


def test_envoy_delays_by_as_much_as_it_is_told() -> None:
    """Half a second more, and no more than that."""
    with page_server() as server, edge(f"http://127.0.0.1:{server.server_port}") as front:
        with Held("envoy-delay", delay_seconds=0.5, control_port=front.control_port):
            assert 0.49 <= ask(front.url)[1] < 1.0
        assert ask(front.url)[1] < 0.4


def test_two_faults_cannot_hold_the_same_place_at_the_edge() -> None:
    """The second is told so; the first goes on."""
    with (
        page_server() as server,
        edge(f"http://127.0.0.1:{server.server_port}") as front,
        Held("envoy-abort", control_port=front.control_port),
    ):
        second = make("envoy-abort", {"control_port": front.control_port, "status": 504})
        with pytest.raises(EntsurgeError, match="another fault holds"):
            second.apply(1.0)
        assert ask(front.url)[0] == 503


def test_without_an_edge_a_fault_says_so() -> None:
    """Nobody asks at its port: an error within seconds, not a fault that does nothing."""
    with pytest.raises(EntsurgeError, match="no Envoy asked"), Held("envoy-abort", control_port=free_port() - 1):
        pass


@pytest.mark.slow
@pytest.mark.needs("haproxy")
def test_haproxy_s_pool_makes_requests_wait(tmp_path: Path) -> None:
    """Of a backend that takes 0.2 s a page, one at a time: four at once need 0.8 s; and at once again afterwards."""
    port, admin = free_port(), str(tmp_path / "admin.sock")
    with page_server() as server:
        answer = server.RequestHandlerClass._answer
        slow = {"_answer": lambda self, text: (time.sleep(0.2), answer(self, text))}
        server.RequestHandlerClass = type("Slow", (server.RequestHandlerClass,), slow)
        (tmp_path / "h.cfg").write_text(HAPROXY.format(folder=tmp_path, port=port, target=server.server_port))

        def four() -> float:
            begun = time.monotonic()
            with ThreadPoolExecutor(4) as crew:
                asked = [crew.submit(ask, f"http://127.0.0.1:{port}/", timeout=15) for _ in range(4)]
                assert {each.result()[0] for each in asked} == {200}
            return time.monotonic() - begun

        with command_alive(["haproxy", "-f", str(tmp_path / "h.cfg"), "-db", "-q"], stderr=subprocess.DEVNULL):
            until(lambda: ask(f"http://127.0.0.1:{port}/")[0] == 200, 10)
            with Held("haproxy-pool", socket=admin, backend="portal", most=1) as fault:
                assert four() >= 0.8
                assert fault.touched() == 4
            assert four() < 0.75
            with pytest.raises(EntsurgeError, match="no backend nowhere"):
                make("haproxy-pool", {"socket": admin, "backend": "nowhere", "most": 1}).prepare()
            with Held("haproxy-slow-connect", socket=admin, connections_per_second=1) as fault:
                ask(f"http://127.0.0.1:{port}/")
                assert four() > 1.0
                assert fault.touched() >= 5


@pytest.mark.slow
def test_postgres_statements_are_slow_by_the_rest_of_the_moment(tmp_path: Path) -> None:
    """Locked 0.3 s, free 0.03 s: single reads wait up to 0.35 s, on average about half of that."""
    import psycopg

    try:
        context = cluster(tmp_path)
        dsn = context.__enter__()
    except Lacking as lacking:
        pytest.skip(str(lacking))
    try:
        os.environ["ENTSURGE_PG_DSN"] = dsn + "postgres"
        with psycopg.connect(dsn + "postgres", autocommit=True) as one:

            def mean_wait() -> float:
                begun = time.monotonic()
                for _ in range(20):
                    one.execute("SELECT count(*) FROM homework")
                    time.sleep(0.037)
                return (time.monotonic() - begun) / 20 - 0.037

            with Held("postgres-slow", table="homework", locked_seconds=0.3, free_seconds=0.03) as fault:
                assert 0.05 < mean_wait() < 0.35
                assert fault.touched() == 1
            assert mean_wait() < 0.03
    finally:
        context.__exit__(None, None, None)


SERVER = """
import http.server, threading, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "200000"); self.end_headers()
        self.wfile.write(b"x" * 200000)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Page).serve_forever()
"""
CLIENT = """
import time, urllib.request
begun = time.monotonic()
try:
    urllib.request.urlopen("http://127.0.0.1:8080/", timeout=20).read(); print("ok", time.monotonic() - begun)
except Exception as error: print(getattr(error, "reason", error).__class__.__name__, time.monotonic() - begun)
"""


@pytest.mark.slow
@pytest.mark.needs("ip", "nft")
def test_the_network_does_what_it_is_told() -> None:
    """In a namespace of its own: resets refuse, a rate slows 200 kB down, loss slows, and all is well afterwards."""
    try:
        context = namespace(f"ent-faults-{os.getpid()}")
        name = context.__enter__()
    except Lacking as lacking:
        pytest.skip(str(lacking))
    inside = ["ip", "netns", "exec", name, sys.executable, "-S", "-c"]

    def fetch() -> tuple[str, float]:
        done = subprocess.run([*inside, CLIENT], capture_output=True, text=True, timeout=60, check=True)
        word, seconds = done.stdout.split()
        return word, float(seconds)

    try:
        with command_alive([*inside, SERVER]):
            until(lambda: fetch()[0] == "ok", 10)
            with Held("network-reject", netns=name, ports=[8080]) as fault:
                assert fetch()[0] == "ConnectionRefusedError"
                assert fault.touched() > 0
            with Held("network-rate", netns=name, ports=[8080], kbytes_per_second=100) as fault:
                word, seconds = fetch()
                assert (word == "ok" and seconds > 0.7) or "imeout" in word
                assert fault.touched() > 0
            with Held("network-names", netns=name, ports=[53]) as fault:
                assert fetch()[0] == "ok"
                assert fault.touched() == 0
            assert fetch()[0] == "ok"
            assert fetch()[1] < 1.0
    finally:
        context.__exit__(None, None, None)


def test_the_machine_s_own_network_is_never_touched() -> None:
    """A network fault names its namespace, and one that is not there is said."""
    with pytest.raises(EntsurgeError, match="netns"):
        make("network-reject", {"ports": [80]})
    lacks = make("network-reject", {"ports": [80], "netns": "nowhere-at-all"}).lacks()
    assert lacks


def test_a_throttled_process_gets_its_share() -> None:
    """A tenth of a processor: a loop that wants one whole gets between 4 and 25 % of it."""
    spin = "while True: pass"
    with command_alive([sys.executable, "-S", "-c", spin]) as child:

        def share() -> float:
            def used() -> int:
                return sum(int(each) for each in Path(f"/proc/{child.pid}/stat").read_text().split()[13:15])

            begun, before = time.monotonic(), used()
            time.sleep(1.0)
            return (used() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)

        held = Held("process-throttle", pid=child.pid, processors=0.1)
        if held.fault.lacks():
            pytest.skip("; ".join(held.fault.lacks()))
        with held as fault:
            assert 0.03 < share() < 0.25
            assert fault.touched() > 0


def test_processes_that_stand_still_or_are_gone_are_counted() -> None:
    """A fault's evidence is what came of it: who is stopped, who has ended."""
    with command_alive([sys.executable, "-S", "-c", "import time; time.sleep(60)"]) as child:
        with Held("process-freeze", pid=child.pid) as fault:
            until(lambda: fault.touched() == 1, 5)
        kill = make("process-kill", {"pid": child.pid, "keep_down": False})
        assert kill.touched() == 0
        kill.apply(1.0)
        until(lambda: kill.touched() == 1, 5)


def test_a_fault_that_does_not_say_what_it_counts_cannot_be_written() -> None:
    """Whoever adds one says where its evidence comes from, or that there can be none."""
    with pytest.raises(TypeError, match="evidence: missing"):
        type("Silent", (Fault,), {"kind": "silent", "lease": "guardian", "__annotations__": {"kind": "ClassVar[str]"}})
    assert "silent" not in REGISTRY
    register_all()
    nobody = {kind for kind, of in REGISTRY.items() if of.evidence is None}
    assert nobody == {
        "certificate-expired", "command", "haproxy-map", "http-call", "namespace", "operator", "rollbacks",
        "target-measure",
    }  # fmt: skip


def test_filling_a_disk_respects_its_quota(tmp_path: Path) -> None:
    """More than `most_mib` would be needed: refused, and nothing is taken."""
    with pytest.raises(EntsurgeError, match="most_mib"), Held("disk-full", folder=str(tmp_path), most_mib=1):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_token_never_stands_in_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings name the variable that has it."""
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", "very-secret")
    one = make("target-measure", {"target": "http://127.0.0.1:9", "measure": "news-closed"})
    assert "very-secret" not in one.model_dump_json() + repr(one)
    with pytest.raises(EntsurgeError) as caught:
        one.apply(1.0)
    assert "very-secret" not in str(caught.value)


def test_a_measure_takes_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded ENT is told them with the lease; wrong ones are refused by it, in words."""
    with sandbox(Settings(unlimited=True, schools=1, classes_per_school=1).to_json()) as (url, token):
        monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", token)

        def state() -> dict[str, Any]:
            answer = json.loads(ask(f"{url}/admin/measures", {"Authorization": f"Bearer {token}"})[2])
            return {each["name"]: each for each in answer["measures"]}["attachments-capped"]

        settings = {"target": url, "measure": "attachments-capped"}
        one = make("target-measure", settings | {"options": {"bytes": 4321}})
        one.apply(30.0)
        assert state()["on"]
        assert state()["options"] == {"bytes": 4321}
        one.end({})
        assert not state()["on"]
        with pytest.raises(EntsurgeError, match="attachments-capped has bytes"):
            make("target-measure", settings | {"options": {"octets": 1}}).apply(30.0)


def test_every_fault_has_a_case_in_the_table() -> None:
    """A new fault cannot come without its endings being shown."""
    register_all()
    assert set(CASES) == set(REGISTRY) - {"namespace"}


def test_doctor_says_what_each_fault_says_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that this machine cannot do is never shown as one that it can, nor one that it can as lacking."""
    from entsurge.chaos import doctor, nft
    from entsurge.chaos.faults import network_delay

    monkeypatch.setattr(network_delay, "netem", lambda: ["no netem"])
    monkeypatch.setattr(nft, "nftables", list)
    monkeypatch.delenv("ENTSURGE_PG_DSN", raising=False)
    found = {one.kind: one.lacks for one in doctor.abilities()}
    assert set(found) == set(REGISTRY) - {"rollbacks", "namespace"}
    assert found["network-delay"] == ["no netem"]
    assert found["network-loss"] == []
    assert found["haproxy-pool"] == []  # its socket may be of an HAProxy whose program is not here
    (said,) = found["postgres-lock"]
    assert said.startswith("ENTSURGE_PG_DSN is not set")
    assert make("postgres-lock", {"table": "t"}).lacks() == [said]
    monkeypatch.setenv("OUR_DSN", "host=x")
    assert make("postgres-lock", {"table": "t", "dsn_env": "OUR_DSN"}).lacks() == []


def test_what_doctor_says_is_lacking_a_fault_lacks_with_any_settings(tmp_path: Path) -> None:
    """With the settings of its case in the table of endings, nothing less than what doctor says."""
    settings = {
        "envoy-abort": {"control_port": 1}, "network-loss": {"netns": "x", "percent": 1},
        "network-delay": {"netns": "x", "delay_ms": 1}, "disk-full": {"folder": str(tmp_path), "most_mib": 1},
        "process-throttle": {"pid": os.getpid(), "processors": 1}, "process-freeze": {"pid": os.getpid()},
        "command": {"on": ["true"]},
    }  # fmt: skip
    for kind, of in settings.items():
        one = make(kind, of)
        assert set(one.lacks_here()) <= set(one.lacks())
