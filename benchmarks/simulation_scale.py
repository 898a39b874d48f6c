"""How long a week of a region, or the busiest hour of the country, takes on paper; events a second, memory.

`python benchmarks/simulation_scale.py` takes ten to twenty minutes of one core. Each day is a process of its own, as
each is a run of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import options

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.audience.shape import DAYS
from entsurge.record.writer import RunDirectory
from entsurge.simulation.run import Simulation, subject

DEPLOYMENT = """title = {{ fr = "sur le papier", en = "on paper" }}
source = "as many nodes as the load takes"
[nodes]
count = {nodes}
workers = 12
pool = 10
[pages]
seconds = 0.25
spread = "gamma:2"
database_share = 0.6
around_seconds = 0.012
[sign_on]
seconds = 0.25
around_seconds = 0.015
"""
REGION_SCHOOLS, NATION_SCHOOLS = 400, 9_600  # accounts enough that nobody has to sign on twice at once
HOUR = ("08:00", "09:00")


def profile(folder: Path, name: str, schools: int) -> Path:
    """A shipped profile for everybody, in the day's own time."""
    text = (content.root("profiles") / f"{name}.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("scale =", "compression =", "schools ="))]
    text = "\n".join(lines).replace("[replay]", '[replay]\nscale = "1"\ncompression = 1\nwarm_up_minutes = 0')
    population = f"[population]\nschools = {schools}"
    text = text.replace("[population]", population) if "[population]" in text else f"{text}\n{population}\n"
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def one(path: str, deployment: str, day: str, begin: str, end: str) -> dict[str, Any]:
    """One simulation in this process: what it came to, and what it took."""
    window = {"day": day, "from": begin, "to": end}
    of = subject(profiles.load(path, overrides={"window": window}), Path(deployment))
    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory(Path(folder) / "run")
        wall, processor = time.monotonic(), time.process_time()
        simulation = Simulation(of, directory)
        ended = simulation.run()
        directory.close()
        size = sum(each.stat().st_size for each in (Path(folder) / "run").iterdir())
    return {
        "day": day, "end": ended, "visits": sum(simulation.attempts.offered.values()),
        "pages": sum(simulation.record.outcomes) - sum(simulation.attempts.started.values()),
        "ok": simulation.record.outcomes[0] / max(1, sum(simulation.record.outcomes)),
        "events": simulation.clock.events, "processor": time.process_time() - processor,
        "wall": time.monotonic() - wall, "disk": size / 1e6,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def row(name: str, found: list[dict[str, Any]]) -> str:
    """A line of the table: sums of the days, the largest process."""
    sums = {key: sum(each[key] for each in found) for key in ("visits", "pages", "events", "processor", "wall", "disk")}
    memory = max(each["memory"] for each in found)
    return (
        f"| {name} | {sums['visits']:,} | {sums['pages']:,} | {sums['processor']:.0f} s | {sums['wall']:.0f} s "
        f"| {1e6 * sums['processor'] / max(1, sums['pages']):.1f} µs | {sums['events'] / sums['processor']:,.0f} "
        f"| {memory:.0f} MB | {sums['disk']:.0f} MB |"
    )


def elsewhere(*arguments: str) -> dict[str, Any]:
    """One simulation in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", *arguments], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"{found['day']}: {found['processor']:.0f} s, {found['memory']:.0f} MB", file=sys.stderr)
    return found


def main() -> int:
    """Print the table; 1 where a simulation did not come to its end."""
    parser = options.parser(__doc__)
    parser.add_argument("--one", nargs=5, help=options.argparse.SUPPRESS)
    parser.add_argument("--days", nargs="+", choices=DAYS, default=list(DAYS))
    parser.add_argument("--day-ends", default="24:00", help="where each day of the region ends")
    parser.add_argument("--hour-ends", default=HOUR[1], help="where the country's hour ends")
    given = options.read(parser, {"days": ["sunday"], "day_ends": "02:00", "hour_ends": "08:01"})
    if given.one:
        print(json.dumps(one(*given.one)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        region, nation = (
            profile(folder, "lockdown-2020", REGION_SCHOOLS), profile(folder, "national-peak", NATION_SCHOOLS),
        )  # fmt: skip
        for name, nodes in (("region", 16), ("nation", 400)):
            (folder / f"{name}-on.toml").write_text(DEPLOYMENT.format(nodes=nodes), encoding="utf-8")
        week = [elsewhere(str(region), str(folder / "region-on.toml"), day, "00:00", given.day_ends)
                for day in given.days]  # fmt: skip
        peak = [elsewhere(str(nation), str(folder / "nation-on.toml"), "monday", HOUR[0], given.hour_ends)]
    head = (
        "| | visits | pages | processor | wall | a page | events/s | largest process | written |\n|---"
        + "|--:" * 8
        + "|"
    )
    lines = [head, row(f"region, {len(week)} days, 16 nodes", week), row("country, Monday 8 to 9, 400 nodes", peak)]
    options.keep(given, "simulation_scale.md", "# Simulations at scale, one core\n\n" + "\n".join(lines))
    return 0 if {each["end"] for each in (*week, *peak)} == {"completed"} else 1


if __name__ == "__main__":
    sys.exit(main())
