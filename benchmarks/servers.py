"""The server that benchmarks load: nginx on the last core, a page of 4 kB, plain and in TLS, on loopback."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = '<!doctype html><html><head><meta name="ent-service" content="home"></head><body>{}</body></html>'
CONFIGURATION = """
daemon off; worker_processes 1; worker_rlimit_nofile {descriptors}; {user} error_log stderr crit; pid {folder}/pid;
events {{ worker_connections {descriptors}; }}
http {{
  map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
  log_format each '$msec $connection $ssl_session_reused $server_protocol $status $request_time '
    '$request_method $request_uri';
  access_log {access_log}; keepalive_requests {keepalive_requests}; keepalive_timeout 600; default_type text/html;
  types {{ text/html html; application/javascript js; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  root {folder}/www; add_header Set-Cookie "seen=1; Path=/";
  server {{ listen 0.0.0.0:{port} backlog=8192; {more} }}
  ssl_certificate {folder}/made.pem; ssl_certificate_key {folder}/made.key;
  server {{ listen 127.0.0.1:{secure_port} ssl{http2}; {more} }}
}}
"""


class LogRow(NamedTuple):
    """One answer as nginx logged it; `reused` is `r` for a resumed TLS session, `.` for a new one.

    `ended` is in seconds since 1970, to the millisecond.
    """

    ended: str
    connection: str
    reused: str
    protocol: str
    status: str
    seconds: str
    method: str
    target: str


@dataclass(frozen=True)
class Served:
    """Where the page is, and the certificate to trust."""

    url: str
    secure_url: str
    authority: Path
    access_log: Path | None = None

    def log_rows(self, count: int, seconds: float = 10) -> list[LogRow]:
        """What the server has logged, once there are so many rows; as many as there are after so long."""
        limit = time.monotonic() + seconds
        while True:
            lines = self.access_log.read_text().splitlines() if self.access_log else []
            if len(lines) >= count or time.monotonic() > limit:
                return [LogRow(*line.split(" ", 7)) for line in lines]
            time.sleep(0.02)


@contextlib.contextmanager
def nginx(
    *,
    dress: Callable[[Path], None] | None = None,
    more: str = "",
    http2: bool = False,
    log: bool = False,
    keepalive_requests: int = 100_000_000,
) -> Iterator[Served]:
    """A server that lives as long as the context; `dress` adds files, `more` adds to its configuration.

    `http2` offers HTTP/2 beside HTTP/1.1 over TLS; `log` keeps an access log.
    """
    command = shutil.which("nginx")
    if command is None:
        sys.exit("nginx is needed: apt-get install nginx-light")
    port, secure_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "www").mkdir()
        (folder / "www" / "index.html").write_text(PAGE.format("x" * 4000))
        if dress:
            dress(folder / "www")
        make_certificate(folder)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                folder=folder,
                port=port,
                secure_port=secure_port,
                user=user,
                more=more.format(folder=folder),
                http2=" http2" if http2 else "",
                access_log=f"{folder}/access.log each" if log else "off",
                keepalive_requests=keepalive_requests,
                descriptors=min(60_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
            )
        )
        core = str(max(os.sched_getaffinity(0)))
        server = subprocess.Popen(["taskset", "-c", core, command, "-c", str(folder / "nginx.conf"), "-p", name])
        try:
            listening(port)
            yield Served(
                f"http://127.0.0.1:{port}",
                f"https://localhost:{secure_port}",
                folder / "made.pem",
                folder / "access.log" if log else None,
            )
        finally:
            server.terminate()
            server.wait()


def make_certificate(folder: Path) -> None:
    """A certificate for localhost."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(folder / "made.key"), "-out", str(folder / "made.pem"), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int, seconds: float = 10) -> None:
    """Wait until something listens."""
    limit = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return
