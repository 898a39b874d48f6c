"""All benchmarks, one after the other: how far it is, what failed, and what the machine was not quiet for.

`python benchmarks/all.py` takes seven hours, most of it real time in which a run waits; `--skip region capacity_truth`
leaves three and a half. One that fails does not keep the next from its turn; the exit code says whether any has.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import options
import quiet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
FAILED, STUCK = 1, -1
PATIENCE, LEAST_PATIENCE_SECONDS = 4, 600  # times what it usually takes; never less than that


class Benchmark(NamedTuple):
    """One way to run a script: how many minutes it usually takes, and how many seconds its short form.

    `short_seconds` is None where another entry's short form goes the same way.
    """

    script: str
    minutes: float
    short_seconds: float | None
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The script's name, and what tells this way from the others."""
        return "-".join([self.script, *(each.strip("-") for each in self.arguments if each != "--protocol")])

    def usual_seconds(self, *, short: bool) -> float:
        """How long it usually takes."""
        return (self.short_seconds or 0) if short else 60 * self.minutes


BENCHMARKS = (
    Benchmark("visit_cost", 45, 18),
    Benchmark("client_speed", 5, 13),
    Benchmark("visit_loop", 2, 9),
    Benchmark("connection_cost", 0.5, 4),
    Benchmark("recording", 0.5, 1),
    Benchmark("arrivals", 5, 7),
    Benchmark("memory", 5, 7),
    Benchmark("truth_table", 1.5, 6),
    Benchmark("sandbox", 3, 8),
    Benchmark("report_scale", 4, 8),
    Benchmark("synthetic_run", 2, 2),
    Benchmark("calibration", 5, 2),
    Benchmark("population", 4, 2),
    Benchmark("false_alarms", 9, 7),
    Benchmark("live", 4, 9),
    Benchmark("simulation", 20, 30),
    Benchmark("simulation_scale", 15, 6),
    Benchmark("verdicts", 45, 40),
    Benchmark("fuzz", 10, 20),
    Benchmark("endurance", 27, 25),
    Benchmark("region", 27, None, ("--protocol", "http")),
    Benchmark("region", 27, None, ("--protocol", "https-http1")),
    Benchmark("region", 27, 14, ("--protocol", "https-http2")),
    Benchmark("capacity_truth", 30, 7, ("--virtual",)),
    Benchmark("capacity_truth", 105, None),
)


class Outcome(NamedTuple):
    """What became of one."""

    benchmark: Benchmark
    seconds: float
    exit_code: int
    disturbance: str

    def row(self) -> str:
        """A line of the last table."""
        state = {0: "done", STUCK: "took far too long, ended"}.get(self.exit_code, f"failed: exit {self.exit_code}")
        return f"| {self.benchmark.name} | {told(self.seconds)} | {state} | {self.disturbance or 'quiet'} |"


def told(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def chosen(given: argparse.Namespace) -> list[Benchmark]:
    """What is to be run: by the script's name or by the whole one."""
    wanted = [each for each in BENCHMARKS if not given.short or each.short_seconds is not None]
    if given.only:
        wanted = [each for each in wanted if {each.name, each.script} & set(given.only)]
    return [each for each in wanted if not {each.name, each.script} & set(given.skip)]


def run(benchmark: Benchmark, given: argparse.Namespace) -> Outcome:
    """Run one to its end, or to the end of patience, between two calibrations."""
    usual = benchmark.usual_seconds(short=given.short)
    before, begin = quiet.calibrate(), time.monotonic()
    command = [sys.executable, str(HERE / f"{benchmark.script}.py"), *benchmark.arguments, *options.shared(given)]
    exit_code, marked = _watched(command, max(LEAST_PATIENCE_SECONDS, PATIENCE * usual))
    seconds = time.monotonic() - begin
    reason = quiet.disturbance([before, quiet.calibrate()]).reason(quiet.LIMIT)
    return Outcome(benchmark, seconds, exit_code, reason or ("marked in its table" if marked else ""))


def _watched(command: Sequence[str], most_seconds: float) -> tuple[int, bool]:
    """Exit code, and whether a figure was marked; what is printed is passed on. Ends the whole group after so long."""
    late, marked = threading.Event(), False
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:

        def end() -> None:
            late.set()
            os.killpg(child.pid, signal.SIGKILL)

        clock = threading.Timer(most_seconds, end)
        clock.start()
        try:
            for line in child.stdout or ():
                print(line, end="", flush=True)
                marked |= quiet.MARK in line
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGINT)
            raise
        finally:
            child.wait()
            clock.cancel()
    return (STUCK if late.is_set() else child.returncode), marked


def main() -> None:
    """Run them all, and say at the end what is to be thought of them."""
    parser = options.parser(__doc__)
    names = sorted({name for each in BENCHMARKS for name in (each.script, each.name)})
    parser.add_argument("--skip", nargs="+", default=[], choices=names, metavar="NAME")
    parser.add_argument("--only", nargs="+", default=[], choices=names, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="names and how long each usually takes")
    given = options.read(parser)
    wanted, outcomes = chosen(given), []
    if given.list:
        print("\n".join(f"{each.name}\t{told(each.usual_seconds(short=given.short))}" for each in wanted))
        return
    for number, benchmark in enumerate(wanted):
        usual = [each.usual_seconds(short=given.short) for each in wanted[number:]]
        left = f"usually {told(usual[0])}; about {told(sum(usual))} to the end"
        print(f"[{number + 1}/{len(wanted)}] {benchmark.name}: {left}", file=sys.stderr, flush=True)
        outcomes.append(run(benchmark, given))
        print(f"    {outcomes[-1].row().strip('| ')}", file=sys.stderr, flush=True)
    print("\n".join(["| benchmark | took | | machine |", "|---|--:|---|---|", *(each.row() for each in outcomes)]))
    sys.exit(FAILED if any(each.exit_code for each in outcomes) else 0)


if __name__ == "__main__":
    main()
