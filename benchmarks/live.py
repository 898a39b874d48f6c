"""How many live sockets one generator and one sandbox hold: memory of each, times of joining, media at its bitrate.

`python benchmarks/live.py`: seven thousand people in chat rooms at once, then five hundred in video classes, generator
pinned to one core, sandbox to the other.
"""

# ruff: noqa: E402  locust's monkey-patching comes first
from gevent import monkey

monkey.patch_all()

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import numpy as np
from gevent.pool import Pool

sys.path.insert(0, str(Path(__file__).parent))

import options

from entsurge.client.access import Access
from entsurge.drivers import live
from entsurge.drivers.portal import PortalDriver
from entsurge.drivers.portal_pages import PortalState
from entsurge.drivers.registry import Setting
from entsurge.population import Population
from entsurge.visit.driver import Account
from entsurge.visit.run_context import RunContext
from entsurge.visit.session import Memory
from entsurge.visit.visitor_api import VisitorApi

CHAT, VIDEO, A_SECOND, KBPS = 7_000, 500, 200, 300


class Record:
    """Times and outcomes by name."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, str], list[int]] = {}
        self.failures: Counter[str] = Counter()

    def request(self, key: Any, microseconds: int) -> None:
        self.times.setdefault((key.page, key.outcome), []).append(microseconds)

    def failure(self, _t: float, signature: str, _row: dict[str, Any]) -> None:
        self.failures[signature] += 1

    def created(self, _row: dict[str, Any]) -> None:
        return


class Guest(VisitorApi):
    """A visitor without Locust and without a plan, who can sign on and join rooms."""

    def __init__(self, context: RunContext, driver: PortalDriver, person: Any) -> None:
        self._context, self._driver, self.person = context, driver, person
        self.client, self.random, self.memory = context.access.client(), random.Random(person.index), Memory()
        self.plan = SimpleNamespace(
            persona=person.persona,
            group="",
            phase="surge",
            name=person.login,
            account=0,
            kind="first",
            number=0,
            device="",
        )
        self.service = self.action = "sign-on"

    @property
    def run_context(self) -> RunContext:
        return self._context

    @property
    def driver(self) -> PortalDriver:
        return self._driver

    def sign_on(self) -> None:
        person = self.person
        account = Account(person.persona, person.login, person.password, "", person.uai)
        result = self.driver.sign_on(self, account)
        if not result.ok:
            raise SystemExit(f"{person.login} cannot sign on: {result.reason}")


def memory_kb(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize() // 1024


def processor(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sit(guests: list[Guest], service: str, path: str, count: int, seconds: float, sandbox: int) -> dict[str, Any]:
    """So many people, who come 200 a second, in rooms at once for so long; what it cost."""
    context = guests[0].run_context
    record = context.record = Record()
    pages = [guest.get(f"{guest.memory.of(PortalState).portal}/{path}") for guest in guests]
    own, theirs = memory_kb(os.getpid()), memory_kb(sandbox)
    action, stays, spread = "say-in-chat" if service == "chat" else "open-video-class", [], random.Random(1)
    coming_seconds = count / A_SECOND
    full_us = context.now_us() + int(coming_seconds * 1e6) + 2_000_000

    def visit(number: int) -> None:
        which = number % len(guests)
        gevent.sleep(number / A_SECOND)
        stay = live.enter(guests[which], service, action, pages[which])
        stays.append(stay)
        # gaps differ, so that people do not all leave in the same instant
        stay.until(full_us + int(seconds * 1e6 * spread.uniform(1, 1.2)))

    people = [gevent.spawn(visit, number) for number in range(count)]
    gevent.sleep(max(0.0, (full_us - context.now_us()) / 1e6))
    cpu, began, before = (processor(os.getpid()), processor(sandbox)), time.monotonic(), media(stays)
    gevent.sleep(seconds)
    lasted = time.monotonic() - began
    used = processor(os.getpid()) - cpu[0], processor(sandbox) - cpu[1]
    held = memory_kb(os.getpid()) - own, memory_kb(sandbox) - theirs
    received = (media(stays) - before) * 8 / 1e6 / lasted
    gevent.joinall(people, raise_error=True)
    return {
        "people at once": count,
        "generator, kB a person": round(held[0] / count, 1),
        "sandbox, kB a person": round(held[1] / count, 1),
        "generator, share of a core": f"{used[0] / lasted:.0%}",
        "sandbox, share of a core": f"{used[1] / lasted:.0%}",
        "connecting p50 / p99, ms": _quantiles(record, "live-connect", 1e3),
        "joining p50 / p99, ms": _quantiles(record, "live-join", 1e3),
        "own words back p50 / p99, ms": _quantiles(record, "live-message", 1e3),
        "heartbeat p50 / p99, ms": _quantiles(record, "live-heartbeat", 1e3),
        "media received, Mbit/s": f"{received:.1f} of {count * KBPS / 1e3:.1f}" if received else "",
        "failures": ", ".join(f"{name} {times}" for name, times in record.failures.items()) or "none",
    }


def media(stays: list[Any]) -> int:
    """Bytes of media that everyone together has received."""
    return sum(getattr(presence.room, "media_bytes", 0) for presence in stays)


def _quantiles(record: Record, name: str, unit: float) -> str:
    found = record.times.get((name, "ok"))
    return " / ".join(f"{value / unit:.1f}" for value in np.percentile(found, [50, 99])) if found else ""


def main() -> None:
    """Measure, print and keep the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--chat", type=int, default=CHAT, metavar="PEOPLE")
    parser.add_argument("--video", type=int, default=VIDEO, metavar="PEOPLE")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--schools", type=int, default=60)
    given = options.read(parser, short={"chat": 20, "video": 5, "seconds": 1.5, "schools": 2})
    given.short |= given.chat < CHAT or given.video < VIDEO  # what is committed is of all of them
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {0})
    command = [sys.executable, "-m", "entsandbox", "--unlimited", "--service-seconds", "0"]
    command += ["--schools", str(given.schools), "--live", f"video_kbps={KBPS}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        os.sched_setaffinity(process.pid, {1})
        try:
            _measure(json.loads(process.stdout.readline())["url"], process.pid, given)
        finally:
            process.terminate()


def _measure(url: str, pid: int, given: argparse.Namespace) -> None:
    population, driver = Population(1, schools=given.schools), PortalDriver(Setting(url))
    context = RunContext(
        driver=driver, population=population, record=Record(), access=Access(), patience={},
        deadline_seconds=60, zero=time.monotonic(),
    )  # fmt: skip
    # the first six pupils of a school are in six classes
    guests = [
        Guest(context, driver, population.person("student", school * population.pupils_per_school + place))
        for school in range(given.schools)
        for place in range(6)
    ]
    signing = Pool(8)
    for guest in guests:
        signing.spawn(guest.sign_on)
    signing.join(raise_error=True)
    chat = sit(guests, "chat", "chat", given.chat, given.seconds, pid)
    video = sit(guests, "video-class", "visio", given.video, given.seconds, pid)
    lines = ["# People in live rooms at once: one generator, one sandbox, a core each", "", "| | chat | video class |"]
    lines += ["|---|--:|--:|"]
    lines += [f"| {name} | {chat[name]} | {video[name]} |" for name in chat]
    options.keep(given, "live.md", "\n".join(lines))
    if {chat["failures"], video["failures"]} != {"none"}:
        sys.exit("not everything in the rooms was answered: the last line of the table")


if __name__ == "__main__":
    main()
