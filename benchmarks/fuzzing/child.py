"""A reader in a process of its own: bounded in memory and processor time, so that nothing it does can end the job.

What is being read is written down before it is: the number of the input tells what killed the process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.sharedctypes import Synchronized

    from fuzzing.reader import Reader

# Of the processor, which takes longer over the same work beside busy neighbours (caches, shared cores).
LONGEST_SECONDS, DEADLINE_SECONDS = (each * float(os.environ.get("ENTSURGE_SLOW_MACHINE", "1")) for each in (1.0, 5.0))
LARGEST_MIB, ADDRESSES_MIB = 500, 4096
STILL_SECONDS = 120.0  # on the clock, within one read: it waits for something that never comes
MOST_FINDINGS = 10
_FORK = multiprocessing.get_context("fork")


class Finding(NamedTuple):
    """What a reader must not do: with which input, and what it did."""

    reader: str
    number: int
    what: str
    where: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """The same for what has the same cause."""
        return self.what.partition(":")[0], self.where


@dataclass
class Outcome:
    """What became of a reader's inputs."""

    name: str
    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    largest_mib: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def row(self) -> str:
        """A line of the table."""
        return (
            f"| {self.name} | {self.inputs:,} | {self.refused:,} | {self.slowest * 1000:,.0f} ms "
            f"| {self.largest_mib:,.0f} MB | {len(self.findings) or '–'} |"
        )


class Run(NamedTuple):
    """How a reader is run: from which input to which, until when by the monotonic clock."""

    seed: int
    last: int
    ends: float


class Child:
    """One process that reads; begun again after what killed it, until all is read."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.reader, self.run, self.outcome = reader, run, Outcome(reader.name)
        self._at: Synchronized[int] = _FORK.Value("q", 0, lock=False)
        self._begin(0)

    def _begin(self, first: int) -> None:
        self._ours, theirs = _FORK.Pipe(duplex=False)
        self._at.value, self._since, self._seen = first, time.monotonic(), first
        self._process = _FORK.Process(target=_read_all, args=(self.reader, self.run, first, self._at, theirs))
        self._process.start()
        theirs.close()

    def step(self) -> bool:
        """Take what it says; whether it is done."""
        with contextlib.suppress(EOFError):
            while self._ours.poll():
                self._take(self._ours.recv())
        if self._process.is_alive():
            if self._at.value != self._seen:
                self._seen, self._since = self._at.value, time.monotonic()
            elif time.monotonic() - self._since > STILL_SECONDS:
                self._process.kill()
            return False
        self._process.join()
        with contextlib.suppress(EOFError, OSError):
            while self._ours.poll():
                self._take(self._ours.recv())
        self._ours.close()
        return self._ended(self._process.exitcode or 0)

    def _take(self, said: tuple[int, int, float, float, Finding | None]) -> None:
        inputs, refused, slowest, largest, finding = said
        outcome = self.outcome
        outcome.inputs += inputs
        outcome.refused += refused
        outcome.slowest, outcome.largest_mib = max(outcome.slowest, slowest), max(outcome.largest_mib, largest)
        if finding is not None and finding.kind not in {each.kind for each in outcome.findings}:
            outcome.findings.append(finding)

    def _ended(self, code: int) -> bool:
        at = int(self._at.value)
        if code:
            how = f"the process died: {code}"
            if code == -signal.SIGPROF:
                how = f"not done after {DEADLINE_SECONDS:g} s of the processor"
            self._take((0, 0, 0.0, 0.0, Finding(self.reader.name, at, how, str(at))))
            self.outcome.inputs = at + 1  # it had no time to say the last of them
        enough = len(self.outcome.findings) >= MOST_FINDINGS
        over = enough or at + 1 >= self.run.last or time.monotonic() > self.run.ends
        if not code or over:
            return True
        self._begin(at + 1)
        return False


def _read_all(reader: Reader, run: Run, first: int, at: Synchronized[int], out: Connection) -> None:
    """In the child: read what is left, and say what became of it."""
    os.nice(1)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_MIB << 20, ADDRESSES_MIB << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with tempfile.TemporaryDirectory(prefix="entsurge-fuzz-") as folder:
        _Reading(reader, run, Path(folder), out).go(first, at)


class _Reading:
    def __init__(self, reader: Reader, run: Run, folder: Path, out: Connection) -> None:
        self.reader, self.run, self.out = reader, run, out
        self.corpus = reader.corpus()
        self.read = reader.make(folder)
        self.known: set[tuple[str, str]] = set()
        self.inputs = self.refused = 0
        self.slowest = self.largest = 0.0

    def go(self, first: int, at: Synchronized[int]) -> None:
        self._once(self.corpus[0])  # what is imported and compiled at the first reading belongs to no input
        before, said = _peak_mib(), time.monotonic()
        for number in range(first, self.run.last):
            at.value = number
            data = self.reader.made(self.corpus, self.run.seed, number)
            finding = self._timed(number, data)
            self.inputs += 1
            peak = _peak_mib() - before
            self.largest = max(self.largest, peak)
            if finding is None and peak > LARGEST_MIB:
                finding = Finding(self.reader.name, number, f"took more than {LARGEST_MIB} MB")
            now = time.monotonic()
            if finding is not None or now - said > 1 or now > self.run.ends:
                self._say(finding)
                said = now
            if now > self.run.ends or len(self.known) >= MOST_FINDINGS:
                break
        self._say(None)

    def _say(self, finding: Finding | None) -> None:
        new = finding if finding is None or finding.kind not in self.known else None
        if new is not None:
            self.known.add(new.kind)
        self.out.send((self.inputs, self.refused, self.slowest, self.largest, new))
        self.inputs = self.refused = 0

    def _timed(self, number: int, data: bytes) -> Finding | None:
        """Read once; what seems slow is read again, for the machine may have been."""
        seconds, found = self._once(data)
        if seconds > LONGEST_SECONDS / 2:
            seconds = min(seconds, self._once(data)[0])
        self.slowest = max(self.slowest, seconds)
        if isinstance(found, self.reader.refuses):
            self.refused += 1
        elif found is not None:
            return Finding(self.reader.name, number, f"{type(found).__name__}: {str(found)[:100]}", _place(found))
        if seconds > LONGEST_SECONDS:
            return Finding(self.reader.name, number, "took more than a second", f"{len(data) >> 14}")
        return None

    def _once(self, data: bytes) -> tuple[float, BaseException | None]:
        signal.setitimer(signal.ITIMER_PROF, DEADLINE_SECONDS)  # ends the process, whatever it is in
        found: BaseException | None = None
        began = time.process_time()
        try:
            self.read(data)
        except Exception as error:
            found = error
        seconds = time.process_time() - began
        signal.setitimer(signal.ITIMER_PROF, 0)
        return seconds, found


def _place(error: BaseException) -> str:
    """The last line of our own source that it went through."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/src/entsurge/" in each.filename]
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.partition('/src/')[2] or Path(last.filename).name}:{last.lineno}"


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
