"""Metrics of a short run, pushed to where the operator said and nowhere else."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from entsurge.analysis import frames, read_run


@pytest.mark.slow
def test_a_short_run_pushes_its_metrics(quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """With --push-gateway the last push, made at the end, has as many pages as the record; named after the run."""
    pushed: list[tuple[str, str]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            pushed.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, "-m", "entsurge", "run", str(quick_profile), "--target", free_sandbox[0]]
        command += ["--out", "x", "--exporter-port", "0", "--quiet"]
        command += ["--push-gateway", f"http://127.0.0.1:{server.server_port}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        server.shutdown()
    assert done.returncode in (0, 4), done.stdout + done.stderr  # a busy machine may spoil the measurement
    assert len(pushed) >= 2
    assert {path for path, _ in pushed} == {"/metrics/job/entsurge/run/x"}
    lines = [line for line in pushed[-1][1].splitlines() if line.startswith("entsurge_pages_total{")]
    pages = frames.pages(read_run(tmp_path / "x"))
    assert sum(float(line.split()[-1]) for line in lines) == pages.loc[pages["timing"] == "service", "count"].sum()


@pytest.mark.parametrize("gateway", ["http://192.0.2.1:9091", "nonsense"])
def test_a_gateway_elsewhere_is_refused_before_anything_is_sent(
    gateway: str, quick_profile, entsurge, free_sandbox
) -> None:
    """Outside loopback and the allow-list, or no URL: exit code 2, no run directory."""
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--out", "gone", "--push-gateway", gateway)
    assert done.returncode == 2
    assert "--push-gateway" in done.stderr
    assert "Traceback" not in done.stderr
