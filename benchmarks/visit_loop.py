"""Whole visits one after the other, as fast as they go: what they cost without the pauses of a real run.

Eight visitors at a time in one process, no gaps between pages, nginx on the other core; everything of a visit but its
plan: scenario, driver, client, recording, a fold a second. For comparing two trees of the source, where the figures of
`visit_cost.py` say too little for their noise: `PYTHONPATH=OTHER/src python benchmarks/visit_loop.py`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import options
import visiting
from dressing import PROTOCOLS

if TYPE_CHECKING:
    import argparse

    from servers import Served

AT_ONCE = 8
SERVICES = {
    "student": ("home", "home", "homework", "homework", "lesson-book", "lesson-book", "messages", "marks"),
    "parent": ("home", "home", "messages", "messages", "marks", "marks", "absences", "news"),
}


def context(protocol: str, url: str, authority: str) -> Any:
    """What the visitors share: the portal's driver, a recorder, a client's policy; nothing may be written."""
    from entsurge.audience.persona import PERSONAS
    from entsurge.audience.shape import Patience
    from entsurge.client.access import Access
    from entsurge.drivers.portal import PortalDriver
    from entsurge.drivers.registry import Setting
    from entsurge.record.parcel import Outbox
    from entsurge.record.recorder import Recorder
    from entsurge.targets.accounts import AccountBook, Person
    from entsurge.visit.run_context import RunContext

    people = AccountBook([Person(persona, "x", "x", "landing", "landing", "all") for persona in SERVICES])
    return RunContext(
        driver=PortalDriver(Setting(url)), population=people, record=Recorder(Outbox()),
        access=Access(certificates=authority, http=PROTOCOLS[protocol]), deadline_seconds=30, zero=time.monotonic(),
        patience=dict.fromkeys(PERSONAS, Patience(shed=1, failed=2)), writable=frozenset(),
    )  # fmt: skip


def child(protocol: str, url: str, authority: str, visits: int) -> dict[str, float]:
    """Live so many visits in this process, on the first core: seconds of user and system time. Raises RuntimeError."""
    import locust  # noqa: F401, I001  it patches the process, as in the engine

    import gevent

    from entsurge import content
    from entsurge.engine import scenarios as written
    from entsurge.engine.health import settle
    from entsurge.plan.arrivals import PagePlan, VisitPlan

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    shared = context(protocol, url, authority)
    environment = SimpleNamespace(entsurge=shared, events=SimpleNamespace(), runner=None, host="")
    found = {persona: content.find("scenarios", persona) for persona in SERVICES}
    scenarios, left = written.load(found)[0], list(range(visits))

    def live() -> None:
        while left:
            number = left.pop()
            persona = tuple(SERVICES)[number % 2]
            pages = tuple(PagePlan(service, 0) for service in SERVICES[persona])
            scenarios[persona](environment).visit(VisitPlan(f"v{number}", persona, "all", 0, 0, "surge", pages))

    def seconds() -> None:
        for second in range(10_000):
            gevent.sleep(1)
            shared.record.fold(second)
            shared.record.directory.take(second)

    ticking = gevent.spawn(seconds)
    settle()
    before = resource.getrusage(resource.RUSAGE_SELF)
    gevent.joinall([gevent.spawn(live) for _ in range(AT_ONCE)], raise_error=True)
    after = resource.getrusage(resource.RUSAGE_SELF)
    ticking.kill()
    if shared.record.signatures:
        raise RuntimeError(f"not served: {dict(shared.record.signatures)}")
    return {"user": after.ru_utime - before.ru_utime, "system": after.ru_stime - before.ru_stime}


def measured(protocol: str, served: Served, given: argparse.Namespace) -> tuple[float, float, int]:
    """µs of user and of system time a request, of the round that took least, and requests a visit."""
    url = served.url if protocol == "http" else served.secure_url
    authority = "" if protocol == "http" else str(served.authority)
    command = [sys.executable, __file__, "--child", protocol, url, authority, "--visits", str(given.visits)]
    found = []
    for _ in range(given.rounds):
        rows = len(served.log_rows(0))
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        asked = len(served.log_rows(0)) - rows
        took = json.loads(done.stdout.splitlines()[-1])
        found.append((took["user"] / asked * 1e6, took["system"] / asked * 1e6, asked // given.visits))
    return min(found, key=lambda each: each[0] + each[1])


def main() -> None:
    """Measure each protocol and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--child", nargs=3, metavar=("PROTOCOL", "URL", "AUTHORITY"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--visits", type=int, default=150)
    given = options.read(parser, short={"rounds": 1, "visits": 8})
    if given.child:
        print(json.dumps(child(*given.child, given.visits)))
        return
    lines = [f"# Whole visits in a closed loop, µs of processor time a request, least of {given.rounds} rounds", ""]
    lines += ["| protocol | all | user | system | requests a visit |", "|---|--:|--:|--:|--:|"]
    with visiting.target() as served:
        for protocol in PROTOCOLS:
            user, system, asked = measured(protocol, served, given)
            lines.append(f"| {protocol} | {user + system:.0f} | {user:.0f} | {system:.0f} | {asked} |")
    options.keep(given, "visit_loop.md", "\n".join(lines))


if __name__ == "__main__":
    main()
