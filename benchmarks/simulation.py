"""A sandbox, and the same deployment on paper: five loads from idle to collapse, the same plan, and what each measures.

`python benchmarks/simulation.py` takes twenty minutes, most of it real time, on a machine that does nothing else. What
a page takes beside a worker's time is measured first, in a run of its own at another hour. A run whose generator was
late or short of processor is INVALID: it is repeated, twice at most, and the table says so. Quantiles of pages served
are to agree within 10 %, shares refused and continuity within 3 points, and the verdict is to be the same; what departs
is marked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import options

from entsandbox.services import BY_NAME
from entsandbox.settings import Settings
from entsurge import content
from entsurge.commands.processes import sandbox
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    import argparse

WORKERS, POOL, QUEUE, SECONDS, SESSIONS = 8, 6, 60, 2.0, 60
SEED = 9  # of the shipped lockdown: the same people sign on
COMPRESSION, WARM_UP_MINUTES, DRAIN_SECONDS = 45, 15, 30
LOADS = {"idle": 6000, "light": 2400, "half": 1700, "full": 1240, "collapse": 600}  # one visitor in so many
CALIBRATION, LATER = 2400, "11:00"  # one visitor in so many, idle, and at another hour than what is compared
REPEATS = 2  # of a run that is not to be believed
QUANTILES = (50.0, 95.0)
MOST_APART, MOST_POINTS = 0.10, 3.0
JUDGED = (0, 3, 4)
NOTE = """An INVALID run was repeated, twice at most; the row is that of the last. Beside its number stands the
machine's load average over the minute before it: with more than its processors can do, tails hold the machine's own
delays. Where a run stayed INVALID its row says nothing for or against the paper."""


@dataclass(frozen=True)
class Measured:
    """What one run came to: seconds of pages served, shares in percent, verdict."""

    quantiles: tuple[float, ...]
    pages: int
    refused: float
    failed: float
    continuity: float
    verdict: str
    tries: int = 1
    load_average: float = 0.0  # of the machine, when the run that counts began

    def cells(self) -> list[str]:
        """As a table shows it."""
        shares = [f"{each:.1f}" for each in (self.refused, self.failed, self.continuity)]
        return [str(self.pages), *(f"{each:.3f}" for each in self.quantiles), *shares, self.verdict]


def settings() -> Settings:
    """The sandbox of this benchmark: so small that little load is much."""
    return Settings(
        workers=WORKERS, pool=POOL, queue_limit=QUEUE, default_seconds=SECONDS, session_limit=SESSIONS,
        compression=COMPRESSION, idle_seconds=3600.0, seed=SEED,
    )  # fmt: skip


def deployment(of: Settings, around: float, around_sign_on: float) -> str:
    """The same as a deployment on paper."""
    shares = "\n".join(
        f"[pages.service.{name}]\ndatabase_share = {service.database_share}" for name, service in BY_NAME.items()
    )
    return f"""title = {{ fr = "bac à sable", en = "sandbox" }}
source = "the settings of benchmarks/simulation.py"
[nodes]
workers = {of.workers}
pool = {of.pool}
queue = {of.queue_limit}
[pages]
seconds = {of.default_seconds}
around_seconds = {around}
{shares}
[sign_on]
seconds = {of.default_seconds}
around_seconds = {around_sign_on}
[sessions]
limit = {of.session_limit}
idle_minutes = {of.idle_seconds / 60}
"""


def profile(folder: Path, load: int, *, until: str, warm_up: int) -> Path:
    """The shipped lockdown for one visitor in so many."""
    text = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    text = text.replace('to = "09:30"', f'to = "{until}"').replace('scale = "1/86"', f'scale = "1/{load}"')
    text = text.replace("[replay]\n", f"[replay]\nwarm_up_minutes = {warm_up}\ndrain_seconds = {DRAIN_SECONDS}\n")
    path = folder / f"load-{load}.toml"
    path.write_text(text.replace('must = "p95 < 1600ms"', 'must = "p95 < 9000ms"'), encoding="utf-8")
    return path


def call(*arguments: str) -> None:
    """A command of ours, to its end. Raises RuntimeError where nothing was judged."""
    done = subprocess.run(
        [sys.executable, "-m", "entsurge", *arguments, "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode not in JUDGED:
        raise RuntimeError(done.stdout + done.stderr)


def measured(run: Path) -> Measured:
    """What the pages of the window and the visits due in it came to."""
    found = read_run(run)
    chosen = found.series.chosen(kind="page", phase=found.window["name"], outcome="ok", timing="corrected")
    chosen &= ~found.series.chosen(service="sign-on")
    rows = found.series.sums(chosen)
    visits = found.window_stays
    pupils = visits.only(visits.where(persona="student") & visits["work_planned"].astype(bool))
    planned = int(visits["planned"].sum())
    turned_away = visits["planned"][visits.where(sign_on="shed")].sum()
    refused, failed = visits["shed"].sum() + turned_away, visits["failed"].sum()
    verdict = json.loads((run / "verdict.json").read_text(encoding="utf-8"))["verdict"]
    return Measured(
        quantiles=tuple(_quantiles(rows.bucket, rows.times)),
        pages=int(rows.times.sum()),
        refused=100 * float(refused) / planned,
        failed=100 * float(failed) / planned,
        continuity=100 * float(pupils["work_served"].sum()) / max(1, len(pupils)),
        verdict=verdict,
    )


def _quantiles(bucket: object, times: object) -> list[float]:
    import numpy as np

    from entsurge.record.histogram import BUCKETS
    from entsurge.record.reading.hdr import Times

    counts = np.bincount(bucket, times, minlength=BUCKETS).astype(np.int64)
    return [each or 0.0 for each in Times(counts).quantiles_seconds(list(QUANTILES))]


def apart(real: Measured, paper: Measured) -> list[str]:
    """What of the paper's figures is further from the run's than it is to be."""
    found = [
        f"p{percent:.0f} {100 * (ours / theirs - 1):+.0f} %"
        for percent, theirs, ours in zip(QUANTILES, real.quantiles, paper.quantiles, strict=True)
        if theirs and abs(ours / theirs - 1) > MOST_APART
    ]
    for name in ("refused", "failed", "continuity"):
        difference = getattr(paper, name) - getattr(real, name)
        if abs(difference) > MOST_POINTS:
            found.append(f"{name} {difference:+.1f} points")
    return found + (["verdict"] if real.verdict != paper.verdict else [])


def around(folder: Path, given: argparse.Namespace) -> tuple[float, float]:
    """What a page and a sign-on take beside a worker's time: medians of an idle run, at another hour."""
    path = profile(folder, CALIBRATION, until=given.until_calibrated, warm_up=given.warm_up)
    path.write_text(path.read_text(encoding="utf-8").replace('from = "09:00"', f'from = "{LATER}"'), "utf-8")
    out = folder / "calibration"
    run(path, out)
    if measured(out).verdict == "INVALID":
        raise RuntimeError(f"{out}: INVALID: what follows would be calibrated by it; repeat on a quieter machine")
    found = read_run(out)
    pages = found.series.chosen(kind="page", outcome="ok", timing="service")
    sign_on = found.series.chosen(service="sign-on")
    rows = [found.series.sums(each) for each in (pages & ~sign_on, pages & sign_on)]
    if not all(len(each.times) for each in rows):
        raise RuntimeError(f"{out}: nothing was served that could be measured")
    page, signed_on = (_quantiles(each.bucket, each.times)[0] for each in rows)
    return page - SECONDS, signed_on - 2 * SECONDS


def run(path: Path, out: Path) -> None:
    """A run of this profile on a sandbox of its own."""
    with sandbox(settings().to_json()) as (url, _):
        call("run", str(path), "--target", url, "--out", str(out), "--exporter-port", "0")


def pair(folder: Path, load: int, given: argparse.Namespace) -> tuple[Measured, Measured]:
    """One load on a sandbox of its own, and on paper; a run that is not to be believed is repeated."""
    path = profile(folder, load, until=given.until, warm_up=given.warm_up)
    simulated = folder / f"paper-{load}"
    call("simulate", str(path), "--on", str(folder / "deployment.toml"), "--out", str(simulated))
    for tries in range(1, 2 + given.repeats):
        real, before = folder / f"real-{load}-{tries}", os.getloadavg()[0]
        run(path, real)
        found = replace(measured(real), tries=tries, load_average=before)
        if found.verdict != "INVALID":
            break
        print(f"1/{load}: INVALID at a load average of {before:.1f}", file=sys.stderr)
    digests = {json.loads((run / "manifest.json").read_text())["plan_digest"] for run in (real, simulated)}
    if len(digests) != 1:
        raise RuntimeError(f"load 1/{load}: the plans differ")
    return found, measured(simulated)


def table(rows: list[tuple[str, Measured, Measured]]) -> str:
    """A run, the simulation of it, and what is further apart than it is to be."""
    quantiles = [f"p{each:.0f} s" for each in QUANTILES]
    heads = ["load", "", "run, load average", "pages", *quantiles, "refused %", "failed %", "continuity %"]
    lines = ["| " + " | ".join([*heads, "verdict", "further apart"]) + " |", "|---" * (len(heads) + 2) + "|"]
    for name, real, paper in rows:
        which = f"{real.tries}, {real.load_average:.1f}"
        lines.append("| " + " | ".join([name, "sandbox", which, *real.cells(), ""]) + " |")
        lines.append("| " + " | ".join(["", "paper", "", *paper.cells(), "; ".join(apart(real, paper)) or "–"]) + " |")
    return "\n".join(lines)


def main() -> int:
    """0 where everything agrees; a short run is not judged."""
    parser = options.parser(__doc__)
    parser.add_argument("--until", default="10:30", help="end of the window that begins at 09:00")
    parser.add_argument("--warm-up", type=int, default=WARM_UP_MINUTES, help="simulated minutes")
    parser.add_argument("--loads", nargs="+", choices=list(LOADS), default=list(LOADS))
    parser.add_argument("--until-calibrated", default="11:40", help="end of the run that measures what pages take")
    parser.add_argument("--repeats", type=int, choices=range(REPEATS + 1), default=REPEATS, help="of an INVALID run")
    parser.add_argument("--keep", type=Path, help="keep the run directories there")
    short = {"until": "09:06", "until_calibrated": "11:15", "warm_up": 1, "loads": ["full"], "repeats": 0}
    given = options.read(parser, short)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        beside = around(folder, given)
        (folder / "deployment.toml").write_text(deployment(settings(), *beside), encoding="utf-8")
        for name in given.loads:
            rows.append((f"{name} (1/{LOADS[name]})", *pair(folder, LOADS[name], given)))
            print(f"{name}: {apart(*rows[-1][1:]) or 'agrees'}", file=sys.stderr)
    of = f"Sandbox: {WORKERS} workers, {POOL} connections, a queue of {QUEUE}, {SESSIONS} sessions, {SECONDS} s a page."
    page, sign_on = (1000 * each for each in beside)
    of += f"\nMeasured before, beside a worker's time: {page:.1f} ms a page, {sign_on:.1f} ms a sign-on."
    options.keep(given, "simulation.md", f"# A sandbox and the same on paper\n\n{of}\n\n{table(rows)}\n\n{NOTE}")
    return 0 if given.short or not any(apart(*row[1:]) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
