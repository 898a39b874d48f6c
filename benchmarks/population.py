"""How long, and in how much memory, 500,000 people take: made alone, as CSV, as AAF XML, and read back.

`python benchmarks/population.py` runs it (`--people N` for another number), each step in a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import options

LEAST = 500_000
ALONE = (
    "from entsurge.population import PERSONAS, Population; people = Population(9, schools={schools})\n"
    "for persona in PERSONAS:\n"
    "    for index in range(people.count(persona)): people.person(persona, index)\n"
)
COMMAND = "from entsurge.cli import main\ntry: main({arguments!r})\nexcept SystemExit as end: assert not end.code\n"
PEOPLE_PER_SCHOOL = 414


def measure(script: str) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and MiB at most of a Python process that runs this script."""
    script += "\nimport resource, sys; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begin
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, int(done.stderr.split()[-1]) / 1024


def main() -> None:
    """Measure each step, print and keep the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--people", type=int, default=LEAST)
    given = options.read(parser, short={"people": 2_000})
    given.short |= given.people < LEAST  # what is committed is of all of them
    size = ["population", "--people", str(given.people)]
    with tempfile.TemporaryDirectory() as folder:
        csv, aaf = f"{folder}/people.csv", f"{folder}/aaf"
        steps = {
            "each person made alone": ALONE.format(schools=-(-given.people // PEOPLE_PER_SCHOOL)),
            "accounts as CSV": COMMAND.format(arguments=[*size, "--out", csv]),
            "AAF XML, full": COMMAND.format(arguments=[*size, "--format", "aaf", "--out", aaf]),
            "CSV read back": COMMAND.format(arguments=["population", "--read", csv]),
            "AAF read back, by its DTD": COMMAND.format(arguments=["population", "--read", aaf]),
        }
        rows = [
            f"| {name} | " + " | ".join(f"{value:,.1f}" for value in measure(of)) + " |" for name, of in steps.items()
        ]
        size_mib = sum(path.stat().st_size for path in Path(aaf).iterdir()) / 2**20
    head = f"{given.people:,} people; the AAF files hold {size_mib:,.0f} MiB:"
    table = "\n".join([head, "", "| step | CPU s | wall s | most memory, MiB |", "|---|--:|--:|--:|", *rows])
    options.keep(given, "population.md", f"# {given.people:,} people\n\n{table}")


if __name__ == "__main__":
    main()
