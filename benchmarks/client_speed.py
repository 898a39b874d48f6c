"""Requests per CPU-second of the visitor's client against Locust's own users, same page, keep-alive, concurrency.

`python benchmarks/client_speed.py` runs it; `--child NAME URL SECONDS` is one measured process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONCURRENCY = 20
PAGE = '<!doctype html><html><head><meta name="ent-service" content="home"></head><body>{}</body></html>'
NGINX = """
daemon off; worker_processes 1; {user} error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 100000000; default_type text/html;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; add_header Set-Cookie "seen=1; Path=/"; }}
}}
"""
CHILDREN = ("entsurge", "FastHttpUser", "HttpUser")


def entsurge(url: str, seconds: float) -> int:
    """Everything on: cookies, deadline, outcome by content, both histograms, a fold a second, exporter."""
    import locust  # noqa: F401, I001  it patches the process, as in the engine

    import gevent

    from entsurge.drivers.portal import PortalDriver
    from entsurge.record.exporter import Exporter
    from entsurge.record.recorder import Key, Recorder
    from entsurge.record.run_directory import RunDirectory
    from entsurge.visit.allow import AllowList
    from entsurge.visit.client import Client

    folder = tempfile.mkdtemp()
    recorder, driver, exporter = Recorder(RunDirectory(Path(folder) / "run")), PortalDriver(url), Exporter()
    recorder.listeners.append(exporter.fold)
    request = Key("request", "student", "Lyon", "home", "open-home", "surge", "ok")
    until, allow, done = time.monotonic() + seconds, AllowList(), [0]

    def visit() -> None:
        client = Client(allow=allow, on_exchange=lambda exchange: recorder.request(request, exchange.total_us))
        while time.monotonic() < until:
            started = time.monotonic_ns()
            answer = client.get(url, deadline_seconds=30)
            outcome = driver.classify(answer)
            if outcome != "ok" or "ent-service" not in answer.text:
                raise RuntimeError("another page than asked for")
            took = (time.monotonic_ns() - started) // 1000
            recorder.page(Key("page", "student", "Lyon", "home", "open-home", "surge", str(outcome)), took, took)
            done[0] += 1
        client.close()

    def seconds_pass() -> None:
        second = 0
        while True:
            gevent.sleep(1)
            recorder.fold(second)
            second += 1

    ticking = gevent.spawn(seconds_pass)
    gevent.joinall([gevent.spawn(visit) for _ in range(CONCURRENCY)], raise_error=True)
    ticking.kill()
    shutil.rmtree(folder)
    return done[0]


def locust_user(name: str, url: str, seconds: float) -> int:
    """A plain Locust user of this kind, with Locust's own statistics."""
    import locust
    from locust.env import Environment

    base = getattr(locust, name)

    class Browsing(base):
        host = url
        wait_time = locust.constant(0)

        @locust.task
        def home(self) -> None:
            answer = self.client.get("/")
            if "ent-service" not in answer.text:
                raise RuntimeError("another page than asked for")

    import gevent

    environment = Environment(user_classes=[Browsing])
    runner = environment.create_local_runner()
    runner.start(CONCURRENCY, CONCURRENCY)
    gevent.sleep(seconds)
    done = environment.stats.total.num_requests
    if environment.runner.exceptions or environment.stats.total.num_failures:
        raise RuntimeError("the peer was not served the page")
    runner.quit()
    return int(done)


def child(name: str, url: str, seconds: float) -> None:
    """Measure one client in this process, pinned to the first core."""
    os.sched_setaffinity(0, {0})
    before = os.times()
    done = entsurge(url, seconds) if name == "entsurge" else locust_user(name, url, seconds)
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    print(json.dumps({"requests": done, "cpu_seconds": cpu}))


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Nginx on the other core, a page of 4 kB."""
    (folder / "www").mkdir()
    (folder / "www" / "index.html").write_text(PAGE.format("x" * 4000))
    (folder / "nginx.conf").write_text(
        NGINX.format(folder=folder, port=port, user="user root;" if os.geteuid() == 0 else "")
    )
    core = max(os.sched_getaffinity(0))
    nginx = shutil.which("nginx")
    if nginx is None:
        sys.exit("nginx is needed: apt-get install nginx-light")
    return subprocess.Popen(["taskset", "-c", str(core), nginx, "-c", str(folder / "nginx.conf"), "-p", str(folder)])


def rounds(url: str, count: int, seconds: float) -> dict[str, list[float]]:
    """Requests per CPU-second of each client, interleaved."""
    rates: dict[str, list[float]] = {name: [] for name in CHILDREN}
    for number in range(count):
        for name in CHILDREN:
            command = [sys.executable, __file__, "--child", name, url, str(seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            rates[name].append(found["requests"] / found["cpu_seconds"])
            print(f"round {number + 1} {name:<13} {rates[name][-1]:8.0f} requests per CPU-second", file=sys.stderr)
    return rates


def table(rates: dict[str, list[float]]) -> str:
    """The results as a Markdown table; the ratio is entsurge's to the peer's, round by round."""
    lines = [
        "| client | median req/CPU-s | min | max | entsurge ÷ it: median | min | max |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, values in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(rates["entsurge"], values, strict=True)]
        cells = [f"{fold(values):.0f}" for fold in (statistics.median, min, max)]
        cells += [f"{fold(ratios):.2f}" for fold in (statistics.median, min, max)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, metavar=("NAME", "URL", "SECONDS"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], given.child[1], float(given.child[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        port = 18080
        server = serve(Path(folder), port)
        try:
            time.sleep(0.5)
            found = table(rounds(f"http://127.0.0.1:{port}", given.rounds, given.seconds))
        finally:
            server.terminate()
            server.wait()
    print(found)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "client_speed.md").write_text(
        f"# Requests per CPU-second, keep-alive, 4 kB page, {CONCURRENCY} at once\n\n{found}"
    )


if __name__ == "__main__":
    main()
