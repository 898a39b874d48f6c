"""What making a connection costs the visitor's client, in µs of processor time: one page over a new one, less one kept.

Over TLS with HTTP/1.1 the session is resumed, as all but the first of a visit's connections are; with HTTP/2, which has
one a visit, the handshake is whole. `python benchmarks/connection_cost.py` prints the three.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import options
import servers
from dressing import PROTOCOLS

PAGES, ROUNDS = 400, 5


def child(protocol: str, url: str, authority: str, pages: int) -> float:
    """µs a connection, the least of some rounds, in this process, on the first core."""
    from entsurge.client.allow_list import AllowList
    from entsurge.client.client import Client
    from entsurge.client.tls import Tls

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tls, allow = Tls(authority, http=PROTOCOLS[protocol]), AllowList()
    tls.make_ready()

    def visitor() -> Client:
        return Client(allow=allow, tls=tls, returning=protocol == "https-http1")

    def made() -> None:
        one = visitor()
        one.get(url, deadline_seconds=30)
        one.close()

    kept = visitor()

    def went_on() -> None:
        kept.get(url, deadline_seconds=30)

    took: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for each, of in zip((made, went_on), took, strict=True):
            before = time.process_time()
            for _ in range(pages):
                each()
            of.append(time.process_time() - before)
    return (min(took[0]) - min(took[1])) / pages * 1e6


def measured(protocol: str, pages: int = PAGES) -> float:
    """µs of processor time that a connection of this protocol costs, measured in a process of its own."""
    with servers.nginx(more="add_header Cache-Control no-store;", http2=protocol == "https-http2") as served:
        url = served.url if protocol == "http" else served.secure_url
        command = [sys.executable, __file__, "--child", protocol, url, str(served.authority), "--pages", str(pages)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--child", nargs=3, metavar=("PROTOCOL", "URL", "AUTHORITY"))
    parser.add_argument("--pages", type=int, default=PAGES)
    given = options.read(parser, short={"pages": 20})
    if given.child:
        print(json.dumps(child(*given.child, given.pages)))
        return
    lines = ["# A connection, µs of processor time", "", "| protocol | µs |", "|---|--:|"]
    lines += [f"| {protocol} | {measured(protocol, given.pages):.0f} |" for protocol in PROTOCOLS]
    options.keep(given, "connection_cost.md", "\n".join(lines))


if __name__ == "__main__":
    main()
