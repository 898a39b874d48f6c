"""How late visits start, and how many can be started per second.

`python benchmarks/arrivals.py` runs it. Every visit is a new visitor with a connection of its own who opens one page;
the peer is Locust's FastHttpSession, a new one per arrival, spawned from a loop of `gevent.sleep`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import options
import servers
from memory import SOURCES

if TYPE_CHECKING:
    import argparse

FIRST_RATE, PRECISION = 250.0, 1.05


def plain_driver(url: str) -> Any:
    """A driver whose every page is one request of this address, and that nobody signs on to."""
    from entsurge.visit.driver import ActionSpec
    from entsurge.visit.outcome import Outcome, PageResult

    class Plain:
        actions = {"open-home": ActionSpec("home")}

        def sign_on(self, visitor: Any, account: Any) -> PageResult:
            return PageResult(Outcome.OK)

        def open(self, visitor: Any, service: str, action: str) -> PageResult:
            answer = visitor.get(url)
            return PageResult(Outcome.OK if b"ent-service" in answer.body else Outcome.FAILED)

        def classify(self, response: Any) -> Outcome:
            return Outcome.OK

    return Plain()


def plain_visitor() -> Any:
    """A pupil who opens one page."""
    from entsurge.visit.driver import Account
    from entsurge.visit.visitor import Visitor, journey

    class Caller(Visitor):
        persona = "student"

        @journey("home")
        def call(self) -> Any:
            yield "open-home"

        def _account(self, context: Any) -> Account:
            return Account("student", "x", "x", "x", "x")

    return Caller


def ours(url: str, rate: float, seconds: float) -> dict[str, Any]:
    """Offer visits of one page at this rate through scheduler, visitor, client and recorder."""
    import locust  # noqa: F401, I001  it patches the process, as in the engine

    import gevent

    from entsurge.audience.persona import PERSONAS
    from entsurge.audience.shape import Patience
    from entsurge.engine.health import settle
    from entsurge.engine.scheduler import Scheduler
    from entsurge.plan.arrivals import PagePlan, VisitPlan
    from entsurge.record.parcel import Outbox
    from entsurge.record.recorder import Recorder
    from entsurge.client.access import Access
    from entsurge.visit.run_context import RunContext

    recorder = Recorder(Outbox())
    context = RunContext(
        driver=plain_driver(url), population=None, record=recorder, access=Access(sources=SOURCES),
        patience=dict.fromkeys(PERSONAS, Patience(shed=1, failed=2)), deadline_seconds=30,
    )  # fmt: skip
    page, count = (PagePlan("home", 0),), int(rate * seconds)
    plans = [
        VisitPlan(str(number), "student", "g", number, int(number * 1e6 / rate), "surge", page)
        for number in range(count)
    ]
    environment = SimpleNamespace(entsurge=context, events=SimpleNamespace(), runner=None, host="")
    scheduler = Scheduler(plans, {"student": plain_visitor()}, environment, most=100_000)

    def fold() -> None:
        for second in range(1000):
            gevent.sleep(1)
            recorder.fold(second)
            recorder.directory.take(second)

    settle()
    ticking = gevent.spawn(fold)
    context.zero = time.monotonic() + 0.1
    started = time.monotonic()
    scheduler.run()
    while len(scheduler.visits):
        gevent.sleep(0.005)
    took = time.monotonic() - started - 0.1
    ticking.kill()
    if recorder.signatures:
        raise RuntimeError(f"not served: {recorder.signatures}")
    return {"lags_us": context.lags_us, "achieved": count / took / rate}


def peer(url: str, rate: float, seconds: float) -> dict[str, Any]:
    """The same arrivals with a FastHttpSession each, started from a loop that sleeps with gevent."""
    import gevent
    from locust import FastHttpUser
    from locust.contrib.fasthttp import FastHttpSession
    from locust.env import Environment

    environment = Environment(user_classes=[])
    lags, served = [], [0]

    class Base(FastHttpUser):
        host = url
        abstract = True

    user = Base(environment)

    def visit(due: float) -> None:
        lags.append(int((time.monotonic() - due) * 1e6))
        session = FastHttpSession(base_url=url, request_event=environment.events.request, user=user, insecure=True)
        answer = session.get("/")
        served[0] += "ent-service" in answer.text
        session.client.close()

    count = int(rate * seconds)
    started = time.monotonic() + 0.1
    running = []
    for number in range(count):
        due = started + number / rate
        wait = due - time.monotonic()
        if wait > 0:
            gevent.sleep(wait)
        running.append(gevent.spawn(visit, due))
        if number % 64 == 0:
            gevent.sleep(0)
    gevent.joinall(running)
    took = time.monotonic() - started
    if served[0] != count:
        raise RuntimeError(f"{served[0]} of {count} served")
    return {"lags_us": lags, "achieved": count / took / rate}


def floor(url: str, rate: float, seconds: float) -> dict[str, Any]:
    """A bare loop of `time.sleep`: how late this machine lets anybody be."""
    del url
    lags, started = [], time.monotonic() + 0.1
    for number in range(int(rate * seconds)):
        due = started + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        lags.append(int((time.monotonic() - due) * 1e6))
    return {"lags_us": lags, "achieved": 1.0}


KINDS = {"entsurge": ours, "FastHttpSession": peer, "floor": floor}


def child(kind: str, url: str, rate: float, seconds: float) -> dict[str, Any]:
    """One measured process, pinned to the first core."""
    command = [sys.executable, __file__, "--child", kind, url, str(rate), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 20 + 60, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def summary(found: dict[str, Any]) -> dict[str, float]:
    """Median and 99th percentile of start lag in ms, and the share achieved."""
    lags = sorted(found["lags_us"])
    return {
        "p50": lags[len(lags) // 2] / 1000, "p99": lags[int(len(lags) * 0.99)] / 1000, "achieved": found["achieved"],
    }  # fmt: skip


def highest(kind: str, url: str, seconds: float, probes: int) -> float:
    """The highest rate (doubling, then bisection to 5 %, or so many probes) that is achieved to 99 %.

    Raises CalledProcessError when not even the first rate is served.
    """
    good, bad = FIRST_RATE, 0.0
    for probe in range(probes):
        if bad and bad / good <= PRECISION:
            break
        rate = (good + bad) / 2 if bad else good * (2 if probe else 1)
        try:
            kept = child(kind, url, rate, seconds)["achieved"] >= 0.99
        except subprocess.SubprocessError:
            if not probe:
                raise
            kept = False
        print(f"{kind} {rate:.0f}/s {'kept' if kept else 'not kept'}", file=sys.stderr)
        good, bad = (rate, bad) if kept else (good if probe else rate / 2, rate)
    return good


def lags(url: str, given: argparse.Namespace) -> list[str]:
    """Start lags at each rate, in rounds of both kinds, as lines of a table."""
    lines = ["| visits/s | | p50 | p99 | achieved |", "|--:|---|--:|--:|--:|"]
    for rate in given.rates:
        found: dict[str, list[dict[str, float]]] = {"floor": [], "entsurge": []}
        for _ in range(given.rounds):
            for kind, of in found.items():
                of.append(summary(child(kind, url, rate, given.seconds)))
        for kind, of in found.items():
            cells = []
            for name in ("p50", "p99", "achieved"):
                values = [each[name] for each in of]
                cells.append(f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})")
            lines.append(f"| {rate} | {kind} | " + " | ".join(cells) + " |")
            print(lines[-1], file=sys.stderr)
    return lines


def arguments() -> argparse.Namespace:
    """The options as given."""
    parser = options.parser(__doc__)
    parser.add_argument("--child", nargs=4, metavar=("KIND", "URL", "RATE", "SECONDS"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement of start lag")
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 2000], metavar="PER_SECOND")
    parser.add_argument("--probes", type=int, default=40, help="rates tried at most for the highest one")
    parser.add_argument("--probe-seconds", type=float, default=4.0)
    return options.read(parser, short={"rounds": 1, "seconds": 1.0, "rates": [200], "probes": 1, "probe_seconds": 0.5})


def main() -> None:
    """Run the benchmark and write its tables."""
    given = arguments()
    if given.child:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        kind, url, rate, seconds = given.child
        print(json.dumps(KINDS[kind](url, float(rate), float(seconds))))
        return
    of = f"{given.rounds} rounds of {given.seconds:g} s"
    lines = [f"# Arrivals: start lag in ms, {of}, median (minimum-maximum)", ""]
    with servers.nginx() as served:
        lines += lags(served.url, given)
        best = {
            kind: highest(kind, served.url, given.probe_seconds, given.probes)
            for kind in ("entsurge", "FastHttpSession")
        }
    lines += ["", "| highest rate kept to 99 % | visits/s |", "|---|--:|"]
    lines += [f"| {kind} | {rate:.0f} |" for kind, rate in best.items()]
    lines.append(f"| ratio | {best['entsurge'] / best['FastHttpSession']:.2f} |")
    options.keep(given, "arrivals.md", "\n".join(lines))


if __name__ == "__main__":
    main()
