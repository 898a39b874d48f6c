"""A school day, compressed: what grows? Memory, descriptors, threads, the exporter's series, the run directory.

`python benchmarks/endurance.py` takes 27 minutes: Monday from 8:00 to 16:00, twenty times as fast, by a master with two
workers, with live page and exporter, against the embedded ENT. Everything is looked at from outside, every few seconds.
Fails when in the second half of the day a process's memory surely grows by more than 1 %, or its threads, or its
descriptors that are no live connection, at all; when one was not there all day or took another's place; when looks are
too few to tell.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent))

import options
import outside
import seen

from entsurge import content

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SHIPPED = "ordinary-monday"
BEGIN_HOUR, SEED = 8, 9
JUDGED = (0, 3, 4)  # exit codes of a run that came to its end
WARM_UP_MINUTES, DRAIN_SECONDS = 30, 20
PATIENCE, LEAST_PATIENCE_SECONDS = 1.5, 120


def profile(folder: Path, given: argparse.Namespace) -> Path:
    """The shipped ordinary Monday from 8:00 on, by so many hours, so fast and at such a scale."""
    shipped = (content.root("profiles") / f"{SHIPPED}.toml").read_text(encoding="utf-8")
    minutes = round(BEGIN_HOUR * 60 + given.hours * 60)
    changes = {
        'from = "07:00"': f'from = "{BEGIN_HOUR:02d}:00"',
        'to = "07:30"': f'to = "{minutes // 60:02d}:{minutes % 60:02d}"',
        'scale = "1/60"\ncompression = 45\n': (
            f'scale = "{given.scale}"\ncompression = {given.compress}\nseed = {SEED}\n'
            f"warm_up_minutes = {WARM_UP_MINUTES}\ndrain_seconds = {DRAIN_SECONDS}\n"
        ),
    }
    for old, new in changes.items():
        if old not in shipped:
            raise SystemExit(f"{SHIPPED}: has no {old!r} any more")
        shipped = shipped.replace(old, new)
    path = folder / "day.toml"
    path.write_text(f"{shipped}\n[population]\nschools = {given.schools}\n", "utf-8")
    return path


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def sandbox(folder: Path, given: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """The embedded ENT without limits, its sessions as much shorter as the day is: its address and process.

    What people write lies in a file, so that its memory is its own.
    """
    command = [sys.executable, "-m", "entsandbox", "--unlimited", "--service-seconds", "0"]
    command += ["--schools", str(given.schools), "--compression", str(given.compress), "--seed", str(SEED)]
    command += ["--database", f"sqlite:///{folder / 'ent.sqlite'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            yield json.loads(process.stdout.readline())["url"], process.pid  # type: ignore[union-attr]  # a pipe
        finally:
            process.terminate()


class Run:
    """One run as a process of its own, looked at from outside."""

    def __init__(self, folder: Path, target: tuple[str, int], given: argparse.Namespace) -> None:
        self.folder, self.sandbox = folder / "run", target[1]
        self.exporter, self.live = free_port(), free_port()
        command = [sys.executable, "-m", "entsurge", "run", str(profile(folder, given)), "--target", target[0]]
        command += ["--out", str(self.folder), "--processes", str(given.processes), "-q"]
        command += ["--exporter-port", str(self.exporter), f"--live={self.live}"]
        self.process = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
        self.begun = 0.0

    def watch(self, every_seconds: float, most_seconds: float) -> Iterator[seen.Sample]:
        """A look every so often from the run's first second on; the run is ended after so long."""
        limit = time.monotonic() + most_seconds
        try:
            while self.process.poll() is None:
                if time.monotonic() > limit:
                    raise SystemExit(f"the run did not end within {most_seconds:.0f} s")
                if not self.begun and (self.folder / "gauges.jsonl").is_file():
                    self.begun = time.monotonic()
                    threading.Thread(target=self._view, daemon=True).start()
                if self.begun and not (self.folder / "finish.json").is_file():
                    yield self.look()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(every_seconds)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGTERM)
                self.process.wait()

    def look(self) -> seen.Sample:
        """Everything, now."""
        processes = {name: found for name, pid in self.processes().items() if (found := outside.look(pid))}
        t = round(time.monotonic() - self.begun, 3)
        return seen.Sample(t, processes, outside.sizes(self.folder), self.series())

    def processes(self) -> dict[str, int]:
        """Who takes part, by name."""
        found = {"sandbox": self.sandbox, "command": self.process.pid}
        for pid, command in outside.children(self.process.pid).items():
            found["live page" if "entsurge.live" in command else "master"] = pid
        if "master" in found:
            workers = sorted(outside.children(found["master"]))
            found |= {f"worker {number}": pid for number, pid in enumerate(workers, 1)}
        return found

    def series(self) -> int:
        """How many series the exporter has; 0 where it does not answer any more."""
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.exporter}/metrics", timeout=5) as answer:
            return sum(not line.startswith(b"#") for line in answer)
        return 0

    def _view(self) -> None:
        """Somebody looks at the live page all day."""
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.live}/events", timeout=60) as stream:
            while stream.readline():
                pass


def taking_part(workers: int) -> list[str]:
    """The names of all processes that are to be there from the first look to the last."""
    numbered = range(1, workers + 1) if workers > 1 else ()  # one process is master and worker
    return ["sandbox", "command", "live page", "master", *(f"worker {number}" for number in numbered)]


def measured(given: argparse.Namespace) -> seen.Day:
    """The whole day: what was seen from outside, and what the run itself says of it."""
    seconds = (given.hours * 3600 + WARM_UP_MINUTES * 60) / given.compress + DRAIN_SECONDS
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), given) as target:
        run = Run(Path(name), target, given)
        samples = list(run.watch(given.every, max(LEAST_PATIENCE_SECONDS, PATIENCE * seconds)))
        if run.process.returncode not in JUDGED:
            raise SystemExit(f"the run did not come to its end: exit code {run.process.returncode}")
        return seen.day(run.folder, samples)


def main() -> None:
    """Run the day, write the tables, and fail where something grows."""
    parser = options.parser(__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="of plan, from 8:00 on")
    parser.add_argument("--compress", type=int, default=20, metavar="N", help="by how much time is shortened")
    parser.add_argument("--scale", default="1/25", help="share of the region's people")
    parser.add_argument("--schools", type=int, default=8, help="whose people are met by the middle of the day")
    parser.add_argument("--processes", type=int, default=2, metavar="WORKERS")
    parser.add_argument("--every", type=float, default=4.0, help="seconds from look to look")
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write what was seen here, a line a look")
    short = {"hours": 1.0, "compress": 360, "scale": "1/200", "schools": 4, "every": 0.5}
    given = options.read(parser, short=short)
    day = measured(given)
    if given.samples:
        given.samples.write_text("".join(each.line() for each in day.samples), "utf-8")
    minutes = (day.end - day.begin) / 60
    title = f"# A school day from 8:00 on, {given.hours:g} h in {minutes:.1f} min: {day.visits:,} visits"
    text = [title, "", *seen.memory(day), "", *seen.files(day), "", seen.series(day)]
    options.keep(given, "endurance.md", "\n".join(text))
    grown = [] if given.short else seen.grown(day, taking_part(given.processes))
    if grown:
        sys.exit("\n".join(grown))


if __name__ == "__main__":
    main()
