"""Every reader against mutated inputs: no exception of another's, none over a second or half a gigabyte.

`python benchmarks/fuzz.py` reads 100,000 inputs and more in some minutes; `--seed` takes others. What it finds is saved
under tests/fuzz/found/READER/NUMBER and ends it with exit code 1; with its cause mended, the file, made small, belongs
into tests/fuzz/corpus/READER/, where each later run begins.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests, whose inputs are these too
sys.path.insert(0, str(Path(__file__).resolve().parent))

import options
from fuzzing.answers import ANSWERS
from fuzzing.child import Child, Outcome, Run
from fuzzing.files import FILES
from fuzzing.languages import LANGUAGES
from fuzzing.records import RECORDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fuzzing.reader import Reader

HERE = Path(__file__).resolve().parent
READERS: Sequence[Reader] = (*RECORDS, *FILES, *ANSWERS, *LANGUAGES)
ALL = sum(each.share for each in READERS)
SAVED = HERE.parent / "tests" / "fuzz" / "found"
AT_ONCE = 2
ABOUT = """\
Refused: in the words of our own errors. Slowest: processor time of one read, the lesser of two where it took long.
Largest: by how much the process grew over what it held before its first read."""


def wanted(reader: Reader, readers: Sequence[Reader], inputs: int) -> int:
    """How many inputs a reader gets of so many over these."""
    return max(3, -(-inputs * reader.share // sum(each.share for each in readers)))


def fuzz(readers: Sequence[Reader], given: argparse.Namespace) -> list[Outcome]:
    """Run them, two at a time; what becomes of each is said when it is done."""
    ends = time.monotonic() + given.seconds
    waiting, reading, done = list(readers), list[Child](), list[Outcome]()
    while waiting or reading:
        while waiting and len(reading) < AT_ONCE:
            reader = waiting.pop(0)
            last = wanted(reader, readers, given.inputs)
            reading.append(Child(reader, Run(given.seed, last, ends)))
        for child in list(reading):
            if child.step():
                reading.remove(child)
                done.append(child.outcome)
                left = len(waiting) + len(reading)
                print(f"{child.outcome.row().strip('| ')}; {left} readers left", file=sys.stderr, flush=True)
        time.sleep(0.02)
    return sorted(done, key=lambda each: [reader.name for reader in readers].index(each.name))


def saved(outcome: Outcome, seed: int) -> list[str]:
    """Save what was found; a line for each."""
    (reader,) = (each for each in READERS if each.name == outcome.name)
    corpus, lines = reader.corpus(), []
    for each in outcome.findings:
        path = SAVED / reader.folder / f"{seed}-{each.number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(reader.made(corpus, seed, each.number))
        lines.append(f"{reader.name}: {each.what} ({each.where}); {path.relative_to(HERE.parent)}")
    return lines


def table(outcomes: Sequence[Outcome], seed: int) -> str:
    """What became of each reader."""
    inputs, refused = (sum(getattr(each, name) for each in outcomes) for name in ("inputs", "refused"))
    slowest, largest = (max(getattr(each, name) for each in outcomes) for name in ("slowest", "largest_mib"))
    found = sum(len(each.findings) for each in outcomes)
    return "\n".join([
        f"# Mutated inputs, by reader (seed {seed})", "",
        ABOUT, "", "| reader | inputs | refused | slowest | largest | found |", "|---|--:|--:|--:|--:|--:|",
        *(each.row() for each in outcomes),
        f"| all | {inputs:,} | {refused:,} | {slowest * 1000:,.0f} ms | {largest:,.0f} MB | {found or '–'} |",
    ])  # fmt: skip


def main() -> None:
    """Read, print and keep the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--inputs", type=int, help=f"over all readers that are asked for (default: {ALL:,} over all)")
    parser.add_argument("--seconds", type=float, default=3600, help="end after so long, whatever has been read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[each.name for each in READERS], metavar="READER")
    given = options.read(parser, short={"inputs": 1200})
    readers = [each for each in READERS if not given.only or each.name in given.only]
    given.inputs = given.inputs or sum(each.share for each in readers)
    given.short |= given.inputs < ALL  # what is committed is of all of them
    outcomes = fuzz(readers, given)
    options.keep(given, "fuzz.md", table(outcomes, given.seed))
    found = [line for each in outcomes for line in saved(each, given.seed)]
    print("\n".join(found), file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
