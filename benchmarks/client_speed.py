"""Requests per CPU-second of the visitor's client against its peers: same page, keep-alive and concurrency.

`python benchmarks/client_speed.py` runs it; `--child NAME URL SECONDS` is one measured process. Peers that are not
installed are left out and named: hey (Debian), autocannon (npm; its command in ENTSURGE_AUTOCANNON or on the path).
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import options
import quiet
import servers

if TYPE_CHECKING:
    from collections.abc import Callable

    Rounds = list[quiet.Round[float]]

CONCURRENCY = 20
READY_SECONDS = 30
NEVER_KEPT = 'add_header Set-Cookie "seen=1; Path=/"; add_header Cache-Control no-store;'  # each loop is a request
AUTOCANNON = os.environ.get("ENTSURGE_AUTOCANNON") or shutil.which("autocannon") or ""


def entsurge(url: str, seconds: float) -> Callable[[], int]:
    """Everything on: cookies, page grouping, deadline, outcome by content, histograms, a fold a second, exporter."""
    import locust  # noqa: F401, I001  it patches the process, as in the engine

    import gevent

    from entsurge.drivers.portal import PortalDriver
    from entsurge.drivers.registry import Setting
    from entsurge.metrics.exporter import Exporter
    from entsurge.record.recorder import Recorder
    from entsurge.record.schema import Key
    from entsurge.record.writer import RunDirectory
    from entsurge.client.allow_list import AllowList
    from entsurge.client.client import Client
    from entsurge.client.tls import Tls

    folder = tempfile.mkdtemp()
    recorder, driver, exporter = Recorder(RunDirectory(Path(folder) / "run")), PortalDriver(Setting(url)), Exporter()
    recorder.listeners.append(exporter.fold)
    tls = Tls(os.environ.get("ENTSURGE_AUTHORITY"))
    allow, done = AllowList(), [0]

    def exchanged(exchange: object) -> None:
        recorder.request(
            Key("request", "student", "Lyon", "home", "open-home", "surge", "ok"), exchange.timing.total_us
        )

    clients = [Client(allow=allow, tls=tls, on_exchange=exchanged) for _ in range(CONCURRENCY)]
    connecting = [gevent.spawn(client.get, url, deadline_seconds=READY_SECONDS) for client in clients]
    gevent.joinall(connecting, raise_error=True)  # as the peers have, each has connected before it is measured

    def visit(client: Client, until: float) -> None:
        while time.monotonic() < until:
            started = time.monotonic_ns()
            answer = client.get(url, deadline_seconds=30)
            outcome = driver.classify(answer)
            if outcome != "ok" or "ent-service" not in answer.text or answer.from_cache:
                raise RuntimeError("another page than asked for, or none was asked for")
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

    def work() -> int:
        until = time.monotonic() + seconds
        ticking = gevent.spawn(seconds_pass)
        gevent.joinall([gevent.spawn(visit, client, until) for client in clients], raise_error=True)
        ticking.kill()
        shutil.rmtree(folder)
        return done[0]

    return work


def locust_user(name: str, url: str, seconds: float) -> Callable[[], int]:
    """A plain Locust user of this kind, with Locust's own statistics."""
    import locust
    from locust.env import Environment

    base = getattr(locust, name)

    class Browsing(base):
        host = url
        insecure = True
        wait_time = locust.constant(0)

        @locust.task
        def home(self) -> None:
            more = {} if name == "FastHttpUser" else {"verify": False}
            answer = self.client.get("/", **more)
            if "ent-service" not in answer.text:
                raise RuntimeError("another page than asked for")

    import gevent

    environment = Environment(user_classes=[Browsing])
    runner = environment.create_local_runner()
    runner.start(CONCURRENCY, CONCURRENCY)
    with gevent.Timeout(READY_SECONDS):
        while environment.stats.total.num_requests < 2 * CONCURRENCY:  # each has read its authorities and connected
            gevent.sleep(0.01)

    def work() -> int:
        before = environment.stats.total.num_requests
        gevent.sleep(seconds)
        done = environment.stats.total.num_requests - before
        if runner.exceptions or environment.stats.total.num_failures:
            raise RuntimeError("the peer was not served the page")
        runner.quit()
        return int(done)

    return work


def hey(url: str, seconds: float) -> Callable[[], int]:
    """Rakyll's hey, one thread."""

    def work() -> int:
        command = ["hey", "-z", f"{seconds}s", "-c", str(CONCURRENCY), "-cpus", "1", "-disable-compression", url]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        answers = re.findall(r"\[(\d+)\]\s+(\d+) responses", told)
        if [code for code, _ in answers] != ["200"]:
            raise RuntimeError(f"hey was not served the page: {told}")
        return int(answers[0][1])

    return work


def autocannon(url: str, seconds: float) -> Callable[[], int]:
    """Autocannon, one worker."""

    def work() -> int:
        command = [AUTOCANNON, "-d", str(max(1, round(seconds))), "-c", str(CONCURRENCY), "--json", url]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        if found["non2xx"] or found["errors"]:
            raise RuntimeError("autocannon was not served the page")
        return int(found["2xx"])

    return work


CHILDREN: dict[str, Callable[[str, float], Callable[[], int]]] = {
    "entsurge": entsurge,
    "FastHttpUser": lambda url, seconds: locust_user("FastHttpUser", url, seconds),
    "HttpUser": lambda url, seconds: locust_user("HttpUser", url, seconds),
    "hey": hey,
    "autocannon": autocannon,
}


def processor_seconds() -> float:
    """User and system time of this process and of the children that it has waited for."""
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in of)


def child(name: str, url: str, seconds: float) -> None:
    """Measure one client in this process, pinned to the first core; imports and set-up are not counted."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    work = CHILDREN[name](url, seconds)
    before = processor_seconds()
    done = work()
    print(json.dumps({"requests": done, "cpu_seconds": processor_seconds() - before}))


def rate(name: str, url: str, seconds: float) -> float:
    """Requests per CPU-second of one client, in a process of its own."""
    command = [sys.executable, __file__, "--child", name, url, str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if not found["requests"]:
        raise RuntimeError(f"{name} was served nothing")
    rated = float(found["requests"] / found["cpu_seconds"])
    print(f"{name:<13} {rated:8.0f} requests per CPU-second", file=sys.stderr)
    return rated


def rounds(names: list[str], url: str, count: int, seconds: float, watch: quiet.Watch) -> Rounds:
    """So many rounds of every client, interleaved."""
    steps = {name: partial(rate, name, url, seconds) for name in names}
    return [watch.round(steps) for _ in range(count)]


def table(found: Rounds) -> str:
    """The results as a Markdown table; the ratio is entsurge's to the peer's, round by round."""
    lines = [
        f"| client{quiet.mark(found)} | median req/CPU-s | min | max | entsurge ÷ it: median | min | max |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name in found[0].found:
        values = [each.found[name] for each in found]
        ratios = [each.found["entsurge"] / each.found[name] for each in found]
        cells = [f"{fold(values):.0f}" for fold in (statistics.median, min, max)]
        cells += [f"{fold(ratios):.2f}" for fold in (statistics.median, min, max)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", quiet.footnote(found), ""])


def main() -> None:
    """Run the benchmark and write its table."""
    parser = options.parser(__doc__)
    parser.add_argument("--child", nargs=3, metavar=("NAME", "URL", "SECONDS"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=1, help="how often a round is measured again if need be")
    given = options.read(parser, short={"rounds": 1, "seconds": 0.5, "repeats": 0})
    if given.child:
        child(given.child[0], given.child[1], float(given.child[2]))
        return
    there = {"hey": shutil.which("hey"), "autocannon": AUTOCANNON}
    names = [name for name in CHILDREN if there.get(name, "yes")]
    print(f"left out, not installed: {[name for name in CHILDREN if name not in names]}", file=sys.stderr)
    watch = quiet.Watch(repeats=given.repeats)
    with servers.nginx(more=NEVER_KEPT) as served:
        plain = rounds(names, served.url, given.rounds, given.seconds, watch)
        os.environ["ENTSURGE_AUTHORITY"] = str(served.authority)
        secure = rounds(["entsurge", "FastHttpUser"], served.secure_url, given.rounds, given.seconds, watch)
    text = (
        f"# Requests per CPU-second: keep-alive, 4 kB page, {CONCURRENCY} at once, {given.rounds} rounds\n\n"
        f"{table(plain)}\n## Over TLS\n\n{table(secure)}"
    )
    options.keep(given, "client_speed.md", text)


if __name__ == "__main__":
    main()
