"""What a run over TLS says of its connections, handshakes and protocols is what the server itself has logged."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from entsurge.analysis import frames
from entsurge.record.reading.run import Run, read_run
from entsurge.record.transport import Step

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import servers

pytestmark = pytest.mark.needs("nginx", "openssl")
ASSETS = 8
CONFIGURATION = """
daemon off; worker_processes 1; {user} error_log {folder}/error.log; pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
  log_format wire '$connection $ssl_session_reused $server_protocol $ssl_protocol $ssl_cipher '
                  '$http_x_entsurge_persona $status $request_uri';
  access_log {folder}/wire.log wire;
  default_type text/html; types {{ text/css css; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {folder}/made.pem; ssl_certificate_key {folder}/made.key; ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen 127.0.0.1:{port} ssl http2; root {folder}/www; }}
  server {{ listen 127.0.0.1:{older} ssl; root {folder}/www; }}
}}
"""
DRIVER = """
[signs]
signed_on = [{ css = "#membre" }]
[[page]]
service = "home"
action = "open-home"
assets = true
request = [{ url = "/home.html" }]
"""
ELSEWHERE = "\n".join(
    f'{service} = "home"' for service in
    ("messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class")
)  # fmt: skip
PERSONAS = ("student", "teacher", "parent", "staff")


@dataclass
class Portal:
    """A portal of one page in TLS: where it is, and what it has logged."""

    urls: dict[str, str]  # by protocol
    folder: Path

    def logged(self) -> list[list[str]]:
        """Connection, reused (`r`) or not (`.`), protocol, TLS version, cipher, persona, status, address."""
        return [line.split() for line in (self.folder / "wire.log").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Nginx by a private authority; the page has more assets than a browser opens connections."""
    folder, port, older = tmp_path_factory.mktemp("wire"), servers.free_port(), servers.free_port()
    servers.make_certificate(folder)
    (folder / "www").mkdir()
    sheets = "".join(f'<link rel="stylesheet" href="/{number}.css">' for number in range(ASSETS))
    for name in ("index", "home"):
        page = f'<html><head>{sheets if name == "home" else ""}</head><body><p id="membre">moi</p></body></html>'
        (folder / "www" / f"{name}.html").write_text(page)
    for number in range(ASSETS):
        (folder / "www" / f"{number}.css").write_text("p { color: black }")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, older=older, user=user))
    command = [shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            servers.listening(port)
            yield Portal({"1.1": f"https://localhost:{older}", "2": f"https://localhost:{port}"}, folder)
        finally:
            server.terminate()


@pytest.fixture(params=[pytest.param("1.1", marks=pytest.mark.thorough), "2"])
def spoken(request: pytest.FixtureRequest) -> str:
    """The newest protocol that the portal speaks."""
    return request.param


@pytest.fixture
def small(quick_profile: Path, portal: Portal, spoken: str, tmp_path: Path) -> Path:
    """Some forty visits in four seconds, and the portal's target file beside them."""
    rows = [f"{persona},{persona}-{n},juste,ecole-1" for persona in PERSONAS for n in range(40)]
    (tmp_path / "people.csv").write_text("\n".join(["persona,login,password,school", *rows]), encoding="utf-8")
    (tmp_path / "people.csv").chmod(0o600)
    (tmp_path / "d.toml").write_text(DRIVER, encoding="utf-8")
    (tmp_path / "cible.toml").write_text(
        f'url = "{portal.urls[spoken]}"\ndriver = "d.toml"\ncertificates = "{portal.folder / "made.pem"}"\n'
        f'[accounts]\nfile = "people.csv"\n[stand_in]\n{ELSEWHERE}\n', encoding="utf-8",
    )  # fmt: skip
    path = tmp_path / "small.toml"
    path.write_text(quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/160"'), encoding="utf-8")
    return path


def counted(run: Run) -> Counter[str]:
    """What the record has of the wire, in all phases: answered requests by protocol, connections, handshakes."""
    found: Counter[str] = Counter()
    for group, times in run.tally.each(kind="transport"):
        step = Step.of(group.page)
        if step.name in ("connect", "tls-full", "tls-resumed"):
            found[step.name] += times.total
        elif step.name == "wait":
            found[f"HTTP/{step.protocol}"] += times.total
    return found


def settled(read: Callable[[], Counter[str]], wanted: Counter[str]) -> Counter[str]:
    """What the server has logged once it has logged as much; nginx writes a line when the answer has gone out."""
    limit = time.monotonic() + 20
    while (found := read()) != wanted and time.monotonic() < limit:
        time.sleep(0.05)
    return found


def test_counts_equal_the_servers_own_log(entsurge, portal: Portal, small: Path, spoken: str, tmp_path: Path) -> None:
    """Requests by protocol, connections, whole and resumed handshakes, to the unit; and what the manifest says."""
    before = len(portal.logged())
    done = entsurge("run", str(small), "--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0")
    assert done.returncode in (0, 3, 4), done.stderr

    def logged() -> Counter[str]:
        rows = [row for row in portal.logged()[before:] if row[5] != "-"]
        connections = {row[0]: row[1] for row in rows}
        kinds = Counter({".": "tls-full", "r": "tls-resumed"}[reused] for reused in connections.values())
        spoken = Counter(row[2].replace("HTTP/2.0", "HTTP/2") for row in rows)
        return Counter({"connect": len(connections)}) + kinds + spoken

    run = read_run(tmp_path / "run")
    found = counted(run)
    assert settled(logged, found) == found
    visits = len(frames.visits(run)[frames.visits(run)["ok"] > 0])
    assert found["tls-full"] >= visits > 20
    assert found["connect"] > visits if spoken == "1.1" else found["connect"] == found["tls-full"]
    assert found[f"HTTP/{spoken}"] == sum(value for name, value in found.items() if name.startswith("HTTP/")) > 0
    first = next(row for row in portal.logged()[before:] if row[5] == "-")
    agreed = run.manifest["target"]["connection"]
    assert list(agreed.values()) == [spoken, first[3], first[4], "127.0.0.1"]
    page = (tmp_path / "run" / "report.en.html").read_text("utf-8")
    assert f"HTTP/{agreed['http']}, {agreed['tls']}, {agreed['cipher']}" in page
    assert re.search(r"visits made [\d,]+ connections, [\d.]+ each, with [\d,]+ whole TLS handshakes", page)


def test_doctor_shows_every_step_of_the_first_question(entsurge, small: Path) -> None:
    """Name, connection, TLS, first byte, transfer, no longer together than the whole; and what was agreed on."""
    done = entsurge("doctor", "--target", "cible.toml", "--json", "--persona", "student")
    reach = next(row for row in map(json.loads, done.stdout.splitlines()) if row["check"] == "reach")
    steps = dict(re.findall(r"(name|connect|TLS|wait|transfer) ([\d.]+) ms", reach["detail"]))
    assert list(steps) == ["name", "connect", "TLS", "wait", "transfer"]
    assert sum(map(float, steps.values())) <= reach["milliseconds"] + 0.5  # five roundings
    assert "TLSv1.3" in reach["detail"]
