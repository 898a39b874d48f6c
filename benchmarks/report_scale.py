"""What a report and a verdict on ten million requests cost, and whether memory grows; aggregation against pandas.

Runs of 5 and 10 million requests (4 personas × 12 services × 40 pages × one hour) are written by synthetic_run.py.
Wall time is that of the command as its user has it; memory is the largest process (resident set) and the largest sum
over all processes alive at once (proportional set size), sampled every 20 ms. pandas reads the same samples, one row
each, from Parquet.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import options
import pyarrow as pa
import pyarrow.parquet as pq
from synthetic_run import Shape, write

from entsurge.record.histogram import upper_ends
from entsurge.record.reading.series import Series

if TYPE_CHECKING:
    import argparse

ABOUT = """Aggregation alone, libraries already imported: {samples:.1f} million samples in the run of {requests:g} \
million requests (a request is one, a page two: corrected and service time). entsurge reads the run directory and \
keeps histograms by persona, service, phase, timing and outcome, percentiles by second, and every visit; pandas reads \
the same samples from Parquet and groups them by persona, service and second."""
SAID = (0, 3, 4)  # exit codes of a command that has said what it was asked
OURS = """
import sys, time
from pathlib import Path
from entsurge.record.reading.run import read_run
begin = time.perf_counter()
read_run(Path(sys.argv[1]))
print(time.perf_counter() - begin)
"""
PANDAS = """
import sys, time
import pandas as pd
begin = time.perf_counter()
frame = pd.read_parquet(sys.argv[1])
grouped = frame.groupby(["persona", "service", "second"], observed=True)["us"]
found = grouped.agg(["count", "mean"]) if sys.argv[2] == "mean" else grouped.quantile(0.95)
print(time.perf_counter() - begin)
"""


@dataclass(frozen=True)
class Cost:
    """One command: seconds, seconds of processor, its largest process and all of them at once in MB."""

    seconds: float
    processor: float
    largest: float
    together: float
    said: str = ""


def cost(command: list[str]) -> Cost:
    """Run a command to its end and watch its memory and that of its children."""
    begin, before = time.perf_counter(), _processor()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peaks = [0.0, 0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            sizes = [_megabytes(each) for each in _family(child.pid)]
            peaks[0] = max([peaks[0], *(resident for resident, _ in sizes)])
            peaks[1] = max(peaks[1], sum(share for _, share in sizes))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said = child.communicate()[0]
    seconds = time.perf_counter() - begin
    over.set()
    watcher.join()
    if child.returncode not in SAID:
        sys.exit(f"{command}: exit code {child.returncode}")
    return Cost(seconds, _processor() - before, peaks[0], peaks[1], said)


def _processor() -> float:
    """User and system time of every child that has ended."""
    of = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of.ru_utime + of.ru_stime


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


def _megabytes(pid: int) -> tuple[float, float]:
    """Resident set, and the share of it that is not also another process's."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0, 0.0
    of = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return tuple(int(of[name].split()[0]) / 1024 if name in of else 0.0 for name in ("Rss", "Pss"))  # type: ignore[return-value]


def parquet(run: Path, path: Path) -> int:
    """The run's samples, a row each: persona, service, second, microseconds; how many."""
    series = Series.of(run, [])
    keys = series.keys
    names: dict[str, list[str]] = {}
    codes: dict[str, Any] = {}
    for name in ("persona", "service"):
        names[name] = sorted({getattr(key, name) for key in keys})
        codes[name] = np.array([names[name].index(getattr(key, name)) for key in keys], np.int32)
    schema = pa.schema([("persona", pa.dictionary(pa.int32(), pa.string())),
                        ("service", pa.dictionary(pa.int32(), pa.string())),
                        ("second", pa.int32()), ("us", pa.int64())])  # fmt: skip
    total = 0
    with pq.ParquetWriter(str(path), schema) as writer:
        for rows in series.rows(at_once=1 << 20):
            second, key, bucket = (np.repeat(column, rows.times) for column in (rows.second, rows.key, rows.bucket))
            coded = [pa.DictionaryArray.from_arrays(codes[name][key], names[name]) for name in ("persona", "service")]
            times = pa.array(upper_ends(bucket))
            writer.write_table(pa.Table.from_arrays([*coded, pa.array(second.astype(np.int32)), times], schema=schema))
            total += len(key)
    return total


def table(rows: list[tuple[str, list[Cost]]]) -> list[str]:
    """Medians, with the extremes of time."""
    lines = ["| | seconds, median | min | max | processor | largest process | all together |", "|---|" + "--:|" * 6]
    for name, costs in rows:
        seconds = [each.seconds for each in costs]
        lines.append(
            f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} | "
            f"{statistics.median(each.processor for each in costs):.2f} s | "
            f"{max(each.largest for each in costs):.0f} MB | {max(each.together for each in costs):.0f} MB |"
        )
    return lines


def measured(given: argparse.Namespace, folder: Path) -> tuple[dict[str, list[Cost]], dict[str, list[Cost]], int]:
    """The costs of the commands, those of aggregation alone, and of how many samples."""
    runs = {size: write(folder / f"run-{size}", Shape(size, given.seconds)) for size in given.sizes}
    samples, largest = folder / "samples.parquet", runs[given.sizes[-1]]
    total = parquet(largest, samples)
    commands = {
        f"`{name}`, {size / 1e6:g} million requests": [sys.executable, "-m", "entsurge", name, str(run)]
        for size, run in runs.items()
        for name in ("report", "gate")
    }
    alone = {
        "entsurge": [sys.executable, "-c", OURS, str(largest)],
        "pandas, count and mean": [sys.executable, "-c", PANDAS, str(samples), "mean"],
        "pandas, 95th percentile": [sys.executable, "-c", PANDAS, str(samples), "quantile"],
    }
    found: dict[str, list[Cost]] = {name: [] for name in (*commands, *alone)}
    for _ in range(given.rounds):
        for name, command in {**commands, **alone}.items():
            got = cost(command)
            inside = float(got.said.split()[-1]) if name in alone else got.seconds
            found[name].append(Cost(inside, got.processor, got.largest, got.together))
            print(f"{name}: {inside:.2f} s, {got.largest:.0f} MB, {got.together:.0f} MB", file=sys.stderr)
    return {name: found[name] for name in commands}, {name: found[name] for name in alone}, total


def main() -> None:
    """Write the runs, measure in turn, write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000_000, 10_000_000], metavar="REQUESTS")
    parser.add_argument("--seconds", type=int, default=3600, help="of each run")
    given = options.read(parser, short={"rounds": 1, "sizes": [5_000], "seconds": 20})
    with tempfile.TemporaryDirectory() as folder:
        commands, alone, total = measured(given, Path(folder))
    middle = {name: statistics.median(each.seconds for each in costs) for name, costs in alone.items()}
    ratios = [f"{name}: × {of / middle['entsurge']:.1f}" for name, of in middle.items() if name != "entsurge"]
    text = [
        f"# Reports at scale, {given.rounds} rounds", "",
        f"Load average at the end: {os.getloadavg()[1]:.1f}. *Processor* is user and system time, whatever else ran.",
        "", *table(list(commands.items())), "",
        ABOUT.format(samples=total / 1e6, requests=given.sizes[-1] / 1e6), "",
        *table(list(alone.items())), "",
        f"Time against entsurge's: {'; '.join(ratios)}.",
    ]  # fmt: skip
    options.keep(given, "report_scale.md", "\n".join(text))


if __name__ == "__main__":
    main()
