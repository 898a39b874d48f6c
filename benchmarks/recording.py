"""What it costs to record one request, alone and with where its time went, and one page.

With key, columns, and the fold a second with its exporter.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import options

from entsurge.client.response import Timing
from entsurge.metrics.exporter import Exporter
from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

WHOLE = "request of a page, and where its time went"
A_PAGE, CONNECTED = 15, 20  # requests of a page; every so many requests a connection is made for one
PERSONAS, SERVICES = ("student", "teacher", "parent", "staff"), ("home", "messages", "marks", "homework")


def measured(kind: str, seconds: int, per_second: int) -> float:
    """Microseconds of processor time for each request or page."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(RunDirectory(Path(folder) / "run"))
        recorder.listeners.append(Exporter().fold)
        before = time.process_time()
        for second in range(seconds):
            for number in range(per_second):
                persona, service = PERSONAS[number % 4], SERVICES[number // 4 % 4]
                key = Key(kind.partition(" ")[0], persona, "Lyon", service, "open", "surge", "ok")
                if kind == "page":
                    recorder.page(key, 1000 + number, 900 + number)
                elif kind == WHOLE:
                    if number % A_PAGE == 0:
                        requests = recorder.requests(key)
                    requests.add("ok", "1.1", Timing(0, 0, 0, 1000, number, 1000 + number))
                    if number % CONNECTED == 0:
                        recorder.connection(key, "1.1", "full", (1, 20, 900))
                else:
                    recorder.request(key, 1000 + number)
            recorder.fold(second)
        took = time.process_time() - before
        recorder.directory.close()
    return took * 1e6 / (seconds * per_second)


def main() -> None:
    """Measure and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5, help="folds a round")
    parser.add_argument("--per-second", type=int, default=20_000)
    given = options.read(parser, short={"rounds": 1, "seconds": 2, "per_second": 2_000})
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found: dict[str, list[float]] = {"request": [], WHOLE: [], "page": []}
    for _ in range(given.rounds):
        for kind, values in found.items():
            values.append(measured(kind, given.seconds, given.per_second))
    lines = [f"# Recording alone, µs each, {given.rounds} rounds", "", "| | median | min | max |", "|---|--:|--:|--:|"]
    for kind, values in found.items():
        lines.append(f"| {kind} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |")
    options.keep(given, "recording.md", "\n".join(lines))


if __name__ == "__main__":
    main()
