"""Real targets, one a fault: what is broken, whether it hurts, and what could be left behind.

Each is a context that yields a Case; it raises Lacking where this machine cannot do it.
"""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from chaos_endings import Case
from chaos_parts import (
    HAPROXY,
    Lacking,
    ask,
    cluster,
    command_alive,
    connected,
    free_port,
    namespace,
    page_server,
)
from chaos_subject import experiment, until, write

from entsurge.chaos.confirmation import Question
from entsurge.chaos.edge import edge
from entsurge.chaos.faults.fault import REGISTRY, make
from entsurge.chaos.process import Process

Made = Iterator[Case]


def nothing() -> list[str]:
    """Nothing can be left of what was never there."""
    return []


def case(
    folder: Path, fault: str, settings: dict, hurts: Callable[[], bool], left: Callable[[], list[str]] = nothing,
    repair: Callable[[], None] = lambda: None, **environment: str,
) -> Case:  # fmt: skip
    """A case of one of our faults."""
    os.environ.update(environment)
    one = make(fault, settings)
    lacks = one.lacks()
    if lacks:
        raise Lacking("; ".join(lacks))
    file = experiment(folder / f"{fault}.json", fault, settings)
    return Case(fault, REGISTRY[fault].lease, file, hurts, left, environment, repair)


# -- Envoy -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def envoy(folder: Path, fault: str) -> Made:
    """Envoy in front of a page."""
    settings = {
        "envoy-delay": {"delay_seconds": 0.4, "routes": ["/slow"], "personas": ["student"]},
        "envoy-abort": {"status": 509, "routes": ["/slow"]},
        "envoy-connections": {"most": 0},
    }[fault]

    with page_server() as server, edge(f"http://127.0.0.1:{server.server_port}") as front:

        def hurts() -> bool:
            status, seconds, _ = ask(f"{front.url}/slow", {"X-Entsurge-Persona": "student"})
            return status != 200 or seconds > 0.35

        yield case(folder, fault, settings | {"control_port": front.control_port}, hurts)


# -- HAProxy -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def haproxy(folder: Path, fault: str) -> Made:
    """HAProxy in front of a page."""
    if shutil.which("haproxy") is None:
        raise Lacking("haproxy is not installed")
    from entsurge.chaos import haproxy as runtime

    settings, port, admin = {
        "haproxy-backend-down": {"backend": "portal"},
        "haproxy-pool": {"backend": "portal", "most": 1},
        "haproxy-slow-connect": {"connections_per_second": 1},
        "haproxy-map": {"map_file": str(folder / "measures.map"), "key": "closed"},
    }[fault], free_port(), str(folder / "admin.sock")  # fmt: skip

    def limit() -> str:
        stat = runtime.ask(admin, "show stat").splitlines()
        return next(line.split(",")[6] for line in stat if line.startswith("portal,one"))

    hurts = {
        "haproxy-backend-down": lambda: ask(f"http://127.0.0.1:{port}/")[0] == 503,
        "haproxy-pool": lambda: limit() == "1",
        "haproxy-slow-connect": lambda: "ConnRateLimit: 1" in runtime.ask(admin, "show info").splitlines(),
        "haproxy-map": lambda: ask(f"http://127.0.0.1:{port}/")[0] == 403,
    }[fault]
    with page_server() as server:
        config = folder / "haproxy.cfg"
        closed = f"http-request deny if {{ str(closed),map({folder}/measures.map,off) -m str on }}"
        (folder / "measures.map").write_text("closed off\n")
        front, behind = HAPROXY.format(folder=folder, port=port, target=server.server_port).split("  default_backend")
        config.write_text(f"{front}  {closed}\n  default_backend{behind}")
        with command_alive(["haproxy", "-f", str(config), "-db", "-q"], stderr=subprocess.DEVNULL):
            until(lambda: ask(f"http://127.0.0.1:{port}/")[0] == 200, 10, "haproxy")
            yield case(folder, fault, settings | {"socket": admin}, hurts)


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def postgres(folder: Path, fault: str) -> Made:
    """An application's database."""
    settings = {
        "postgres-sessions": {"sessions": 30},
        "postgres-lock": {"table": "homework"},
        "postgres-slow": {"table": "public.homework", "locked_seconds": 0.4, "free_seconds": 0.02},
    }[fault]

    with cluster(folder) as dsn:

        def waits() -> bool:
            try:
                with psycopg.connect(dsn + "postgres", options="-c lock_timeout=60") as one:
                    one.execute("SELECT count(*) FROM homework")
            except psycopg.errors.LockNotAvailable:
                return True
            return False

        def hurts() -> bool:
            if fault == "postgres-sessions":
                return not connected(dsn + "app")
            return any(waits() for _ in range(3))

        def left() -> list[str]:
            with psycopg.connect(dsn + "postgres") as one:
                rows = one.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'entsurge fault'")
                return [f"session {pid}" for (pid,) in rows.fetchall()]

        user = "app" if fault == "postgres-sessions" else "postgres"
        yield case(folder, fault, settings, hurts, left, ENTSURGE_PG_DSN=dsn + user)


# -- processes and disk ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def process(folder: Path, fault: str) -> Made:
    """A process that works without pause."""
    pid_file, sleeper = folder / "pid", "import time\nwhile True: time.sleep(.01)"
    script = folder / "victim.py"
    script.write_text(f"import os, pathlib\npathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n{sleeper}\n")
    start = [sys.executable, "-S", str(script)]

    def victim() -> Process | None:
        try:
            return Process.of(int(pid_file.read_text()))
        except (OSError, ValueError):
            return None

    def begin() -> None:
        if victim() is None:
            pid_file.unlink(missing_ok=True)
            children.append(subprocess.Popen(start, start_new_session=True))
            until(lambda: victim() is not None, 10, "victim")

    def throttled() -> bool:
        one = victim()
        return one is not None and "entsurge" in Path(f"/proc/{one.pid}/cgroup").read_text()

    children: list[subprocess.Popen] = []
    begin()
    hurts, more = {
        "process-freeze": (lambda: victim() is None or victim().stopped(), {}),
        "process-kill": (lambda: victim() is None, {"restart": start}),
        "process-throttle": (throttled, {"processors": 0.1}),
    }[fault]

    def left() -> list[str]:
        from entsurge.chaos import cgroup

        one = victim()
        return [path.name for path in cgroup.root().glob(f"entsurge-{one.pid if one else 'x'}-*")] if more else []

    try:
        yield case(folder, fault, {"pid_file": str(pid_file)} | more, hurts, left, begin)
    finally:
        last = victim()
        if last is not None:
            last.end(2)
        for child in children:
            child.kill()
            child.wait()


@contextlib.contextmanager
def disk(folder: Path, fault: str) -> Made:
    """A disk of eight mebibytes."""
    place = folder / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "entsurge", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise Lacking(f"no disk can be mounted: {mounted.stderr.strip()}")
    try:
        yield case(
            folder, fault, {"folder": str(place), "most_mib": 16},
            lambda: shutil.disk_usage(place).free < 1 << 20, lambda: [path.name for path in place.iterdir()],
        )  # fmt: skip
    finally:
        subprocess.run(["umount", str(place)], check=True)


# -- network -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def network(folder: Path, fault: str) -> Made:
    """A namespace of our own."""
    settings = {
        "network-loss": {"percent": 30, "ports": [8080, 8443]},
        "network-reject": {"ports": [8080], "direction": "in"},
        "network-rate": {"kbytes_per_second": 50},
        "network-names": {},
        "network-delay": {"delay_ms": 50},
    }[fault]
    with namespace(f"ent-{os.getpid()}-{fault.removeprefix('network-')}") as name:

        def tables() -> list[str]:
            listed = subprocess.run(
                ["ip", "netns", "exec", name, "nft", "list", "ruleset"], capture_output=True, text=True, check=True
            )
            return [line for line in listed.stdout.splitlines() if line.startswith("table")]

        def hurts() -> bool:
            if fault == "network-delay":
                shown = subprocess.run(["tc", "-n", name, "qdisc"], capture_output=True, text=True, check=True)
                return "netem" in shown.stdout
            return bool(tables())

        yield case(folder, fault, settings | {"netns": name}, hurts, tables)


# -- certificate -------------------------------------------------------------------------------------------------------

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    return 200 "ok"; }}
}}
"""


@contextlib.contextmanager
def certificate(folder: Path, fault: str) -> Made:
    """An nginx in TLS whose certificate is its own authority."""
    missing = [name for name in ("nginx", "openssl") if shutil.which(name) is None]
    if missing:
        raise Lacking(f"{', '.join(missing)} not installed")
    port, config, cert = free_port(), folder / "nginx.conf", folder / "cert.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", folder / "key.pem", "-out", cert, "-days", "2", "-subj", "/CN=ent", "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    trusted = shutil.copy(cert, folder / "trusted.pem")
    config.write_text(NGINX.format(folder=folder, port=port))

    def refused() -> bool:
        context = ssl.create_default_context(cafile=trusted)
        try:
            with socket.create_connection(("127.0.0.1", port), 3) as plain:
                context.wrap_socket(plain, server_hostname="127.0.0.1").close()
        except OSError:  # a certificate that does not verify is one too
            return True
        return False

    reload = ["nginx", "-c", str(config), "-e", str(folder / "error.log"), "-s", "reload"]
    settings = {"certificate": str(cert), "key": str(folder / "key.pem"), "reload": reload}
    arguments = ["nginx", "-c", str(config), "-e", str(folder / "error.log")]
    with command_alive(arguments, stderr=subprocess.DEVNULL):
        until(lambda: not refused(), 10, "nginx")
        yield case(
            folder, fault, settings, refused,
            lambda: [] if cert.read_text() == Path(trusted).read_text() else ["the expired certificate"],
        )  # fmt: skip


# -- measures ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def measure_of_the_target(folder: Path, fault: str) -> Made:
    """The embedded ENT itself."""
    from entsandbox.settings import Settings
    from entsurge.commands.processes import sandbox

    with sandbox(Settings(unlimited=True, schools=1, classes_per_school=1).to_json()) as (url, token):

        def hurts() -> bool:
            answer = json.loads(ask(f"{url}/admin/measures", {"Authorization": f"Bearer {token}"})[2])
            return any(each["on"] for each in answer["measures"])

        settings = {"target": url, "measure": "news-closed"}
        yield case(folder, fault, settings, hurts, ENTSURGE_ADMIN_TOKEN=token)


@contextlib.contextmanager
def call(folder: Path, fault: str) -> Made:
    """A server with a switch."""
    with page_server() as server:
        url = f"http://127.0.0.1:{server.server_port}/state"
        settings = {"on": {"url": url, "method": "PUT", "body": {"on": True}}, "off": {"url": url, "method": "DELETE"}}
        yield case(folder, fault, settings, lambda: ask(url)[2] == "on")


@contextlib.contextmanager
def command(folder: Path, fault: str) -> Made:
    """A file that is there or not."""
    flag = folder / "flag"
    settings = {"on": ["touch", str(flag)], "off": ["rm", "-f", str(flag)]}
    yield case(folder, fault, settings, flag.exists)


@contextlib.contextmanager
def operator(folder: Path, fault: str) -> Made:
    """An operator who does what is asked, and has done it when they confirm."""
    done, over = folder / "closed", threading.Event()

    def obey() -> None:
        while not over.wait(0.05):
            for path in folder.rglob("*.question"):
                with contextlib.suppress(OSError):
                    wanted = path.read_text() == "close the news page"
                    done.touch() if wanted else done.unlink(missing_ok=True)
                    Question(path, "").confirm()

    thread = threading.Thread(target=obey, daemon=True)
    thread.start()
    settings = {"please": "close the news page", "then": "open the news page", "within_seconds": 5}
    try:
        yield case(folder, fault, settings, done.exists, lambda: [str(path) for path in folder.rglob("*.question")])
    finally:
        over.set()
        thread.join(5)


@contextlib.contextmanager
def foreign(folder: Path, fault: str) -> Made:
    """An experiment of Chaos Toolkit's own providers, with rollbacks."""
    del fault
    flag = folder / "flag"

    def action(name: str, *arguments: str) -> dict:
        provider = {"type": "process", "path": name, "arguments": list(arguments)}
        return {"type": "action", "name": name, "provider": provider}

    file = write(folder / "foreign.json", [action("touch", str(flag))], [action("rm", "-f", str(flag))])
    yield Case("any provider, rollbacks", "guardian", file, flag.exists, nothing, {})


CASES: dict[str, Callable[[Path, str], contextlib.AbstractContextManager[Case]]] = {
    "envoy-delay": envoy, "envoy-abort": envoy, "envoy-connections": envoy,
    "haproxy-backend-down": haproxy, "haproxy-pool": haproxy, "haproxy-slow-connect": haproxy,
    "haproxy-map": haproxy, "postgres-sessions": postgres, "postgres-lock": postgres, "postgres-slow": postgres,
    "process-kill": process, "process-freeze": process, "process-throttle": process, "disk-full": disk,
    "network-loss": network, "network-reject": network, "network-rate": network, "network-names": network,
    "network-delay": network, "certificate-expired": certificate, "target-measure": measure_of_the_target,
    "http-call": call, "command": command, "operator": operator, "rollbacks": foreign,
}  # fmt: skip
