"""Real parts for targets: a page server, HAProxy's configuration, a PostgreSQL, a network namespace."""

import contextlib
import http.client
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from chaos_subject import until

POSTGRES = Path("/usr/lib/postgresql")


class Lacking(Exception):
    """What this machine lacks for a fault."""


class Page(BaseHTTPRequestHandler):
    """A page for everybody; PUT and DELETE switch what GET /state says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer("on" if self.server.on else "off")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.on = True
        self._answer("on")

    def do_DELETE(self) -> None:
        self.server.on = False
        self._answer("off")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def page_server() -> Iterator[ThreadingHTTPServer]:
    """A server of pages on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.on = False
    server.handle_error = lambda *_: None  # a proxy that hangs up is what some faults are about
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def ask(url: str, headers: dict[str, str] | None = None, timeout: float = 3.0) -> tuple[int, float, str]:
    """Status (0 for none), seconds and body of one GET on a connection of its own."""
    parts, begun = urlsplit(url), time.monotonic()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/", headers=headers or {})
        answer = connection.getresponse()
        return answer.status, time.monotonic() - begun, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return 0, time.monotonic() - begun, ""
    finally:
        connection.close()


@contextlib.contextmanager
def command_alive(arguments: list[str], **more: object) -> Iterator[subprocess.Popen]:
    """A process as long as the context."""
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


HAPROXY = """
global
  stats socket {folder}/admin.sock level admin
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  timeout queue 5s
frontend front
  bind 127.0.0.1:{port}
  default_backend portal
backend portal
  server one 127.0.0.1:{target} maxconn 50
"""


def free_port() -> int:
    """A port that was free a moment ago, on every address, out of the range that connections take theirs from."""
    for port in random.sample(range(12_000, 32_000), 100):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("", port))
            return port
    raise AssertionError("no free port among a hundred")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own with a table; its connection string."""
    versions = sorted(POSTGRES.glob("*/bin/initdb"))
    if not versions:
        raise Lacking("PostgreSQL is not installed")
    programs = versions[-1].parent
    data, port = folder / "data", free_port()
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        folder.chmod(0o755)
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        for parent in folder.parents:
            with contextlib.suppress(PermissionError):
                if parent.stat().st_mode & 0o777 == 0o700:
                    parent.chmod(0o711)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "--no-instructions"],
        check=True, **quiet, **who,
    )  # fmt: skip
    more = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    more += " -c max_connections=12 -c superuser_reserved_connections=3"
    with command_alive([programs / "postgres", "-D", data, *more.replace("''", "").split()], **quiet, **who):
        dsn = f"host=127.0.0.1 port={port} dbname=postgres user="
        until(lambda: connected(dsn + "postgres"), 20, "postgres")
        with psycopg.connect(dsn + "postgres", autocommit=True) as one:
            one.execute("CREATE ROLE app LOGIN; CREATE TABLE homework (id int); GRANT ALL ON homework TO app")
        yield dsn


def connected(dsn: str) -> bool:
    """Whether a connection can be had."""
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def namespace(name: str) -> Iterator[str]:
    """A network namespace with loopback up."""
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        raise Lacking(f"no network namespace can be made: {made.stderr.strip()}")
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
