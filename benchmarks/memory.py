"""What a visitor weighs who has opened a page and waits for the next click, and how many connections it keeps.

`python benchmarks/memory.py`: ten thousand of them in one process, over HTTP, and over TLS with HTTP/1.1 and HTTP/2;
`--child PROTOCOL URL AUTHORITY` is one measured process. Each has fetched a page and its nine assets.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import costs
import dressing
import options
import servers
from dressing import PROTOCOLS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from entsurge.client.client import Client
    from entsurge.client.response import Response

SOURCES = tuple(f"127.0.{block}.{number}" for block in range(1, 9) for number in range(1, 33))
ESTABLISHED = "01"
TOGETHER, PAUSE_SECONDS = 50, 0.15


def visitors(protocol: str, url: str, authority: str, count: int, settle_seconds: float) -> dict[str, Any]:
    """Kilobytes and established connections a visitor, and the process's megabytes, `settle_seconds` after the last."""
    import locust  # noqa: I001  it patches first

    import gevent

    from entsurge.client.access import Access

    access = Access(certificates=authority, http=PROTOCOLS[protocol], sources=SOURCES, agent="x")
    access.tls.make_ready()
    opened, over = [0], gevent.event.Event()

    class Visitor(locust.User):
        def visit(self, number: int) -> None:
            client = access.client(number)
            self.memory = {"landing": _opened(client, url), "portal": url}
            opened[0] += 1
            over.wait()
            client.close()

    environment = locust.env.Environment(user_classes=[Visitor])
    before = resident_kb()
    running = _come(count, opened, lambda number: gevent.spawn(Visitor(environment).visit, number))
    gevent.sleep(settle_seconds)  # until nothing but what each visitor keeps is open
    found = {
        "kb_per_visitor": (resident_kb() - before) / count,
        "connections": established() / count,
        "process_mb": resident_kb() / 1024,
    }
    over.set()
    gevent.joinall(running, raise_error=True)
    return found


def _opened(client: Client, url: str) -> Response:
    """The page, once its assets are there too; the client keeps of them what it will. Raises RuntimeError."""
    page = client.get(url, deadline_seconds=60)
    assets = client.fetch_many([f"{url}/static/part-{part}.js" for part in range(dressing.ASSETS)], deadline_seconds=60)
    states = {getattr(each, "status", each) for each in (page, *assets)}
    if states != {200}:
        raise RuntimeError(f"a page was not served: {states}")
    return page


def _come(count: int, opened: list[int], spawn: Callable[[int], Any]) -> list[Any]:
    """Start all of them, some at a time: the connections of a page's assets idle away before there are too many.

    Raises what any of them raised.
    """
    import gevent

    running: list[Any] = []
    for number in range(count):
        running.append(spawn(number))
        if number % TOGETHER == TOGETHER - 1 or number == count - 1:
            gevent.sleep(PAUSE_SECONDS)
            while opened[0] < number + 1 - TOGETHER // 2 or (number == count - 1 and opened[0] < count):
                gevent.joinall([each for each in running[-2 * TOGETHER :] if each.dead], raise_error=True)
                gevent.sleep(0.005)
    return running


def resident_kb() -> int:
    """This process's resident memory."""
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line).split()[1])


def established() -> int:
    """How many TCP connections of this process are established, by the kernel's tables."""
    own = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            own.add(str(descriptor.readlink()))
    tables = [Path(f"/proc/self/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    fields = [line.split() for table in tables for line in table]
    return sum(each[3] == ESTABLISHED and f"socket:[{each[9]}]" in own for each in fields)


def child(given: argparse.Namespace) -> None:
    """Measure in this process, pinned to the first core, with as many descriptors as it may have."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(json.dumps(visitors(*given.child, given.visitors, given.settle)))


def measured(given: argparse.Namespace, protocol: str) -> dict[str, Any]:
    """One process over one protocol."""
    with servers.nginx(dress=dressing.dress, http2=protocol == "https-http2") as served:
        url = served.url if protocol == "http" else served.secure_url
        command = [sys.executable, __file__, "--child", protocol, url, str(served.authority)]
        command += ["--visitors", str(given.visitors), "--settle", str(given.settle)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure each protocol and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--child", nargs=3, metavar=("PROTOCOL", "URL", "AUTHORITY"))
    parser.add_argument("--visitors", type=int, default=10_000)
    parser.add_argument("--settle", type=float, default=8.0, help="seconds after the last page")
    given = options.read(parser, short={"visitors": 150, "settle": 0.2})
    if given.child:
        child(given)
        return
    lines = [f"# {given.visitors:,} visitors between two pages, in one process", ""]
    lines += ["| protocol | kB per visitor | connections open per visitor | process, MB |", "|---|--:|--:|--:|"]
    weights: dict[str, dict[str, float]] = {}
    for protocol in PROTOCOLS:
        found = measured(given, protocol)
        weights[protocol] = {"visitor_kb": round(found["kb_per_visitor"], 1)}
        lines.append(
            f"| {protocol} | {found['kb_per_visitor']:.1f} | {found['connections']:.2f} | {found['process_mb']:.0f} |"
        )
        print(lines[-1], file=sys.stderr)
    options.keep(given, "memory.md", "\n".join(lines))
    costs.update(given, weights)


if __name__ == "__main__":
    main()
