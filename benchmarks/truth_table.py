"""What plain Locust and entsurge report of the same servers, whose truth is known: the table of docs/method.md.

`python benchmarks/truth_table.py` runs it (a minute and a half). The servers are those of tests/truth/.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import options

TRUTH = Path(__file__).resolve().parents[1] / "tests" / "truth"
USERS, DEADLINE_SECONDS = 20, 10.0
PLAIN_LEAST_SECONDS = 2.5  # twenty FastHttpUsers read the authorities, each for itself, before they ask anything
KINDS = ("plain Locust", "entsurge")
NEVER_SERVED = "/drip"
# name, path, arrivals per second, seconds, when the server is frozen, truth in words
CASES: list[tuple[str, str, float, float, tuple[float, float] | None, str]] = [
    ("frozen for 6 s of 12", "/now", 20, 12, (3, 9), "half of the arrivals wait 0 to 6 s"),
    ("one worker of 0.1 s, offered 50/s for 3 s", "/serial?s=0.1", 50, 3, None, "the wait grows to 12 s"),
    ("half refused at once, half 0.1 s", "/busy?s=0.1", 50, 4, None, "who is served waits 0.1 s"),
    ("a byte every 50 ms, for ever", "/drip", 10, 4, None, "nobody is served"),
]


def plain(url: str, path: str, seconds: float) -> dict[str, Any]:
    """Twenty FastHttpUsers with a network time-out of 1 s, as Locust's documentation has them."""
    import gevent
    import locust
    from locust.env import Environment

    class Browsing(locust.FastHttpUser):
        host = url
        network_timeout = connection_timeout = 10.0
        wait_time = locust.constant(USERS / 20)

        @locust.task
        def page(self) -> None:
            self.client.get(path, name="page")

    environment = Environment(user_classes=[Browsing])
    runner = environment.create_local_runner()
    runner.start(USERS, USERS)
    gevent.sleep(seconds)
    total = environment.stats.total
    found = {
        "requests": total.num_requests, "failures": total.num_failures,
        "p95": total.get_response_time_percentile(0.95) / 1000, "p99": total.get_response_time_percentile(0.99) / 1000,
    }  # fmt: skip
    runner.quit()
    return found


def ours(url: str, path: str, rate: float, seconds: float, deadline: float) -> dict[str, Any]:
    """The engine's scheduler, client and recorder, by tests/truth/offer.py."""
    count = int(rate * seconds)
    told = {
        "url": url, "paths": [path] * count, "dues_us": [int(number / rate * 1e6) for number in range(count)],
        "deadline": deadline, "seconds": 60,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(TRUTH / "offer.py"), json.dumps(told)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    served = sorted(time for outcome, time in found["corrected"] if outcome == "ok")
    quantile = {
        name: served[min(len(served) - 1, int(share * len(served)))] / 1e6 if served else None
        for name, share in (("p95", 0.95), ("p99", 0.99))
    }
    return {"requests": count, "failures": found["outcomes"].get("failed", 0), **quantile}


def measured(share: float, kind: str, case: tuple[Any, ...]) -> dict[str, Any]:
    """One case, or this share of its time, with one of the two, on a fresh server."""
    _, path, rate, seconds, frozen, _ = case
    seconds *= share
    server = subprocess.Popen([sys.executable, str(TRUTH / "server.py")], stdin=-1, stdout=-1)
    if server.stdout is None:
        raise RuntimeError("the server has no output")
    url = f"http://127.0.0.1:{int(server.stdout.readline())}"
    clocks = []
    if frozen:
        for at, number in zip(frozen, (signal.SIGSTOP, signal.SIGCONT), strict=True):
            clocks.append(threading.Timer(at * share, os.kill, (server.pid, number)))
            clocks[-1].start()
    try:
        if kind == "entsurge":
            return ours(url, path, rate, seconds, max(1.0, DEADLINE_SECONDS * share))
        command = [sys.executable, __file__, "--plain", url, path, str(max(PLAIN_LEAST_SECONDS, seconds))]
        return dict(json.loads(subprocess.run(command, stdout=-1, text=True, check=True).stdout.splitlines()[-1]))
    finally:
        for clock in clocks:
            clock.cancel()
        server.kill()
        server.wait()


def row(kind: str, case: tuple[Any, ...], found: dict[str, Any]) -> str:
    """A line of the table."""
    cells = [f"{found[name]:.2f} s" if found[name] is not None else "none served" for name in ("p95", "p99")]
    return f"| {case[0]} | {case[5]} | {kind} | {found['requests']} | {found['failures']} | {' | '.join(cells)} |"


def served(case: tuple[Any, ...], found: dict[str, Any]) -> bool:
    """Whether anybody was served, where anybody can be."""
    return case[1] == NEVER_SERVED or found["requests"] > found["failures"]


def main() -> None:
    """Measure every case and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--plain", nargs=3, metavar=("URL", "PATH", "SECONDS"))
    parser.add_argument("--share", type=float, default=1.0, help="of each case's time")
    parser.add_argument("--at-once", type=int, default=1, help="cases at the same time")
    given = options.read(parser, short={"share": 0.2, "at_once": 4})
    if given.plain:
        print(json.dumps(plain(given.plain[0], given.plain[1], float(given.plain[2]))))
        return
    asked = [(kind, case) for case, kind in product(CASES, KINDS)]
    with ThreadPoolExecutor(given.at_once) as pool:
        found = list(pool.map(partial(measured, given.share), *zip(*asked, strict=True)))
    lines = [f"# The same servers, seen by plain Locust ({USERS} users) and by entsurge", ""]
    lines += ["| server | truth | | asked | failed | p95 | p99 |", "|---|---|---|--:|--:|--:|--:|"]
    lines += [row(*of, each) for of, each in zip(asked, found, strict=True)]
    options.keep(given, "truth_table.md", "\n".join(lines))
    silent = [(kind, case[0]) for (kind, case), each in zip(asked, found, strict=True) if not served(case, each)]
    if silent:
        sys.exit(f"nobody was served: {silent}")


if __name__ == "__main__":
    main()
