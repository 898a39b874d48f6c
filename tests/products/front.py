"""A private authority made by openssl, and nginx as the TLS front that products stand behind, as in pre-production."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from os import geteuid
from pathlib import Path

SECONDS = 90  # what a product may take to answer first
REQUEST = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
CONFIGURATION = """
daemon off; worker_processes 1; {user} error_log {folder}/errors crit; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  log_format told '$http_x_entsurge_run $http_x_entsurge_persona $server_protocol $status $request_method $scheme://$http_host$request_uri';
  access_log {folder}/access told;
  include /etc/nginx/mime.types; default_type application/octet-stream;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {folder}/leaf.pem; ssl_certificate_key {folder}/leaf.key;
  proxy_cache_path {folder}/c keys_zone=static:1m;
  gzip on; gzip_types text/css application/javascript application/json;
  {servers}
}}
"""
SERVER = "server {{ listen {address}:{port} ssl http2; server_name {host}; {text} }}"
PROXY = """
proxy_cache_lock on; proxy_cache_valid 200 1h;
location /static/ {{ proxy_cache static; proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $http_host; }}
location / {{
  proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
  proxy_cookie_flags ~ secure;
}}
"""


@dataclass(frozen=True)
class Authority:
    """A root that no system trusts; `certificate` is what a target file names."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "root.pem"

    def sign(self, folder: Path, *hosts: str) -> None:
        """A leaf for these names and addresses: `leaf.pem` and `leaf.key` in the folder."""
        names = ",".join(f"{'IP' if each[0].isdigit() else 'DNS'}:{each}" for each in hosts)
        (folder / "names").write_text(f"subjectAltName={names}\n", encoding="utf-8")
        _said([*REQUEST, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", f"/CN={hosts[0]}"], folder)
        signed = ["-CA", str(self.certificate), "-CAkey", str(self.folder / "root.key"), "-CAcreateserial"]
        made = ["-days", "30", "-extfile", "names", "-out", "leaf.pem"]
        _said(["openssl", "x509", "-req", "-in", "leaf.csr", *signed, *made], folder)


def authority(folder: Path) -> Authority:
    """A new authority in this folder."""
    folder.mkdir(parents=True)
    made = ["-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj", "/CN=Autorité d’essai"]
    _said([*REQUEST, "-x509", *made], folder)
    return Authority(folder)


@dataclass(frozen=True)
class Site:
    """One origin of the front: the host, its port, and what nginx does with its requests."""

    host: str
    port: int
    text: str

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"


@dataclass(frozen=True)
class Front:
    """The running front: its access log is what really came."""

    folder: Path

    def counts(self, run: str) -> Counter[str]:
        """How many requests of a run's visitors each origin got; the engine's own question before a run is nobody's."""
        return Counter("/".join(url.split("/")[:3]) for *_, url in self._of(run))

    def protocols(self, run: str) -> set[str]:
        """What a run's visitors spoke."""
        return {protocol for protocol, *_ in self._of(run)}

    def _of(self, run: str) -> list[list[str]]:
        """Protocol, status, method and URL of each request of a run's visitors."""
        told = (line.split(" ", 5) for line in (self.folder / "access").read_text("utf-8").splitlines())
        return [rest for by, who, *rest in told if by == run and who != "-"]


@contextlib.contextmanager
def front(folder: Path, root: Authority, *sites: Site) -> Iterator[Front]:
    """nginx in front of these sites for as long as the context lasts."""
    folder.mkdir(parents=True)
    root.sign(folder, *{each.host for each in sites})
    servers = "\n".join(
        SERVER.format(address=socket.gethostbyname(each.host), port=each.port, host=each.host, text=each.text)
        for each in sites
    )
    user = "user root;" if geteuid() == 0 else ""
    text = CONFIGURATION.format(folder=folder, user=user, servers=servers)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    with running([shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)], folder / "nginx.said"):
        for each in sites:
            listening(each.host, each.port, folder / "nginx.said")
        yield Front(folder)


@contextlib.contextmanager
def running(command: list[str], said: Path, **more: object) -> Iterator[subprocess.Popen]:
    """A process for as long as the context lasts; what it says goes into a file."""
    with said.open("w") as stream, subprocess.Popen(command, stdout=stream, stderr=stream, **more) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def listening(host: str, port: int, said: Path) -> None:
    """Wait until something listens; what the process said is shown when nothing does."""
    limit = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            if time.monotonic() > limit:
                sys.stderr.write(said.read_text("utf-8")[-4000:])
                raise
            time.sleep(0.05)
        else:
            return


def _said(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
