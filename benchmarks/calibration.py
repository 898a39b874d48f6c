"""How fast, and in how much memory, ten million log lines become page views: DuckDB against pandas with pyarrow.

`python benchmarks/calibration.py` runs it (`--lines N` for fewer); each reader in a process of its own, on one core,
over the same file. Both parse combined lines, tell pages of a service from the rest and cut visits at half an hour of
silence; only entsurge's also tells bots, background requests, JSON, and what it could not read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import options

AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
)
PAGES = ("accueil", "messagerie", "travail", "cahier-de-textes", "fichiers", "notes", "absences")
REST = (
    "/static/app.4f2a.css",
    "/static/app.9c1b.js",
    "/static/logo.png",
    "/etab/{}/xhr/notifications",
    "/static/f.woff2",
)
WEEK = 604_800
LINES = 10_000_000
REQUESTS_PER_PAGE = 5


def write_log(path: Path, lines: int) -> None:
    """A week of lines in order of time, one in five a page view, by 200,000 visitors."""
    source = random.Random(9)
    with path.open("w", encoding="utf-8") as stream:
        block: list[str] = []
        for number in range(lines):
            second = number * WEEK // lines
            day, rest = divmod(second, 86_400)
            user = source.randrange(200_000)
            if number % REQUESTS_PER_PAGE:
                target = REST[number % 5].format(user % 300)
            else:
                target = f"/etab/{user % 300}/{PAGES[source.randrange(7)]}?p={source.randrange(1000)}"
            block.append(
                f"10.0.{user >> 8 & 255}.{user & 255} - e{user:06d} [{12 + day:02d}/Jan/2026:{rest // 3600:02d}:"
                f'{rest % 3600 // 60:02d}:{rest % 60:02d} +0100] "GET {target} HTTP/1.1" 200 '
                f'{source.randrange(40_000)} "https://ent.example.fr/" "{AGENTS[user % 3]}"\n'
            )
            if len(block) == 100_000:
                stream.writelines(block)
                block.clear()
        stream.writelines(block)


def ours(path: Path) -> int:
    """The room itself; the number of visits."""
    from entsurge.calibration import rules
    from entsurge.calibration.access_log import AccessLog
    from entsurge.calibration.lines import LogFiles
    from entsurge.calibration.visits import observe

    log = AccessLog(rules.load()[0])
    log.read(LogFiles([path]))
    observe(log, [path])
    count: int = log.database.execute("SELECT count(*) FROM views WHERE gap IS NULL").fetchall()[0][0]
    return count


def pandas_with_pyarrow(path: Path) -> int:
    """The same in pandas: pyarrow's CSV reader cuts lines at spaces and quotes, block by block."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    pa.set_cpu_count(1)
    columns = list("abcdefghij")
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(column_names=columns, use_threads=False, block_size=16 << 20),
        parse_options=csv.ParseOptions(
            delimiter=" ", double_quote=False, escape_char="\\", invalid_row_handler=lambda _: "skip"
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()), include_columns=["c", "d", "f", "g"]
        ),
    )
    kept = []
    for batch in reader:
        path_of = pc.extract_regex(batch["f"], r"^GET (?P<p>[^ ?]*)").field(0)
        good = pc.and_(pc.match_substring_regex(path_of, f"/({'|'.join(PAGES)})$"), pc.equal(batch["g"], "200"))
        rows = batch.filter(good)
        when = pc.strptime(pc.utf8_slice_codeunits(rows["d"], 1, 21), format="%d/%b/%Y:%H:%M:%S", unit="s")
        visitor = pd.util.hash_array(rows["c"].to_numpy(zero_copy_only=False))
        kept.append(pd.DataFrame({"visitor": visitor, "second": when.cast(pa.int64()).to_numpy(zero_copy_only=False)}))
    hits = pd.concat(kept).sort_values(["visitor", "second"])
    since = hits.groupby("visitor")["second"].diff()
    return int((since.isna() | (since > 1800)).sum())


def one(name: str, path: Path) -> None:
    """One reader, measured; prints JSON."""
    begin, cpu = time.perf_counter(), time.process_time()
    visits = {"ours": ours, "pandas": pandas_with_pyarrow}[name](path)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured = {"visits": visits, "wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "mib": most}
    print(json.dumps(measured))


def _on_one_core() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    """Write the log, measure both, print and keep the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--reader", choices=["ours", "pandas"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = options.read(parser, short={"lines": 20_000})
    given.short |= given.lines < LINES  # what is committed is of all of them
    if given.reader:
        one(given.reader, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        write_log(log, given.lines)
        size = log.stat().st_size / 2**20
        rows, visits = [], set()
        for name, title in (("ours", "DuckDB (entsurge calibrate)"), ("pandas", "pandas with pyarrow")):
            command = [sys.executable, __file__, "--reader", name, "--file", str(log)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=_on_one_core)
            found = json.loads(done.stdout)
            visits.add(found["visits"])
            rows.append(
                f"| {title} | {found['visits']:,} | {found['cpu']:.1f} | {found['wall']:.1f} | "
                f"{given.lines / found['cpu']:,.0f} | {found['mib']:,.0f} |"
            )
    table = "\n".join(
        [
            f"{given.lines:,} combined lines, {size:,.0f} MiB, one core:",
            "",
            "| reader | visits | CPU s | wall s | lines per CPU-second | most memory, MiB |",
            "|---|--:|--:|--:|--:|--:|",
            *rows,
        ]
    )
    options.keep(given, "calibration.md", f"# {given.lines:,} log lines\n\n{table}")
    if len(visits) > 1 or 0 in visits:
        sys.exit(f"the readers do not agree on the visits: {sorted(visits)}")


if __name__ == "__main__":
    main()
