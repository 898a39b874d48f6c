"""The lockdown's peak of a whole region, full scale and real time, from one core: validity figures of that run.

`python benchmarks/region.py` takes half an hour: 20 minutes until the audience is stationary (no visit lasts longer),
5 minutes of window, Monday 09:00. The target is nginx on the other core, dressed as a portal; `--protocol` says how it
is spoken to, over TLS by the authority that it brings. Where minutes are no whole ones, time is compressed by the least
factor that makes them whole. Fails when more than one request or page in a thousand is not served.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import options
import pyarrow as pa
import servers
from dressing import PORTAL, PROTOCOLS, dress

from entsurge import content
from entsurge.record.transport import KIND, Step

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["PORTAL", "dress", "profile"]
MOST_ERRORS = 0.001
DRAIN_SECONDS = 20
JUDGED = (0, 3, 4)  # exit codes of a run that came to its end
WRITES = ("messages", "homework", "lesson-book", "files", "news", "chat", "absences", "marks")
Key = dict[str, str]


def compression(*minutes: Fraction) -> int:
    """The least factor by which these minutes become whole ones."""
    return math.lcm(*(each.denominator for each in minutes))


def profile(folder: Path, *, warm_up: Fraction | int, minutes: Fraction | int, scale: str) -> Path:
    """The shipped lockdown in real time, with schools enough that nobody has to sign on twice at once."""
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    faster = compression(Fraction(warm_up), Fraction(minutes))
    drain = max(2, DRAIN_SECONDS // faster)
    path = folder / "region.toml"
    shipped = shipped.replace('to = "09:30"', f'to = "09:{int(minutes * faster):02d}"')
    shipped = shipped.replace('scale = "1/86"\ncompression = 45', f'scale = "{scale}"\ncompression = {faster}')
    before = f"warm_up_minutes = {int(warm_up * faster)}\ndrain_seconds = {drain}\n"
    path.write_text(shipped.replace("[replay]\n", f"[replay]\n{before}") + "\n[population]\nschools = 400\n", "utf-8")
    return path


def target(folder: Path, served: servers.Served, protocol: str) -> Path:
    """A target file for this server: everything may be written, as on a bare address of loopback."""
    path = folder / "nginx.toml"
    secure = protocol != "http"
    lines = [f'url = "{served.secure_url if secure else served.url}"', f'http = "{PROTOCOLS[protocol]}"']
    lines += [f'certificates = "{served.authority}"'] * secure
    lines += ["[writes]", "families_cannot_be_told = true", *(f'{name} = "test-accounts"' for name in WRITES)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


class Counts:
    """How much was recorded in a span of seconds, by what its keys say."""

    def __init__(self, run: Path, begin: float, end: float) -> None:
        self.keys: list[Key] = json.loads((run / "keys.json").read_text())
        with pa.OSFile(str(run / "series.arrows")) as source, pa.ipc.open_stream(source) as stream:
            table = stream.read_all()
        second, key, count = (table.column(name).to_numpy() for name in ("second", "key", "count"))
        inside = (second >= begin) & (second < end)
        self.sums = np.bincount(key[inside], count[inside], len(self.keys))

    def of(self, wanted: Callable[[Key], bool]) -> int:
        """The sum over the keys that are wanted."""
        return int(sum(number for key, number in zip(self.keys, self.sums, strict=True) if wanted(key)))

    def errors(self) -> float:
        """The share that was not served, of requests or of pages: whichever is larger."""
        shares = []
        for kind in ("request", "page"):
            outcomes: Counter[str] = Counter()
            for key, number in zip(self.keys, self.sums, strict=True):
                if key["kind"] == kind and key.get("timing") != "corrected" and key["outcome"] != "cancelled":
                    outcomes[key["outcome"]] += int(number)
            shares.append(1 - outcomes["ok"] / outcomes.total() if outcomes.total() else 1.0)
        return max(shares)


def rows(run: Path, protocol: str) -> tuple[dict[str, str], float]:
    """The figures of the window by name, and the share of errors since the beginning."""
    manifest, finish, verdict = (
        json.loads((run / f"{name}.json").read_text()) for name in ("manifest", "finish", "verdict")
    )
    phase = next(each for each in manifest["phases"] if each["name"] == "surge")
    begin, end = phase["start_s"], phase["end_s"]
    gauges = [json.loads(line) for line in (run / "gauges.jsonl").read_text().splitlines()]
    errors = Counts(run, 0, end).errors()
    found = {
        "protocol": protocol,
        "verdict": verdict["verdict"],
        "scale, compression": f"{manifest['scale']}, {manifest['compression']:g}",
        **_load(Counts(run, begin, end), [row for row in gauges if begin < row["t"] <= end], end - begin),
        "errors": f"{errors:.2%}",
        **_generator(finish),
    }
    return found, errors


def _load(counts: Counts, gauges: list[dict[str, Any]], seconds: float) -> dict[str, str]:
    """What was asked in the window, and what it cost."""
    visitors = [sum(row["visitors"].values()) for row in gauges]
    cpu = [row["cpu_share"] for row in gauges]
    mean = sum(cpu) / len(cpu)
    pages = counts.of(lambda key: key["kind"] == "page" and key["timing"] == "service" and key["service"] != "sign-on")
    requests = counts.of(lambda key: key["kind"] == "request")
    made = counts.of(lambda key: key["kind"] == KIND and Step.of(key["page"]).name == "connect")
    return {
        "visits/s started": f"{(gauges[-1]['started'] - gauges[0]['started']) / (len(gauges) - 1):.2f}",
        "pages/s": f"{pages / seconds:.1f}",
        "requests/s": f"{requests / seconds:.0f}",
        "connections made/s": f"{made / seconds:.1f}",
        "visitors at once, mean (min-max)": f"{sum(visitors) / len(visitors):.0f} ({min(visitors)}-{max(visitors)})",
        "processor, share of one core, mean (max)": f"{mean:.1%} ({max(cpu):.1%})",
        "request_us: processor a request, µs": f"{mean * seconds * 1e6 / max(1, requests):.0f}",
    }


def _generator(finish: dict[str, Any]) -> dict[str, str]:
    """How well the generator was over the whole run."""
    lag, stall, little = finish["start_lag_us"], finish["stall_us"], finish["little"]
    return {
        "start lag p50 / p99 / max, ms": " / ".join(f"{lag[name] / 1000:.2f}" for name in ("p50", "p99", "max")),
        "loop late p50 / p99 / max, ms": " / ".join(f"{stall[name] / 1000:.2f}" for name in ("p50", "p99", "max")),
        "Little's residual": f"{little['residual']:.2%} ({'judged' if little['judged'] else 'not judged'})",
        "offered = started + lost": f"{finish['offered']} = {finish['started']} + {finish['lost']}",
        "descriptors open at most": str(finish["descriptors"]["most_open"]),
    }


def measured(given: argparse.Namespace) -> tuple[dict[str, str], float]:
    """One run from the first core against nginx on the last: its figures, and its share of errors."""
    http2 = given.protocol == "https-http2"
    with tempfile.TemporaryDirectory() as name, servers.nginx(dress=dress, more=PORTAL, http2=http2) as served:
        folder = Path(name)
        path = profile(folder, warm_up=given.warm_up, minutes=given.minutes, scale=given.scale)
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, "-m", "entsurge", "run"]
        command += [str(path), "--target", str(target(folder, served, given.protocol)), "--out", str(folder / "run")]
        command += ["--exporter-port", "0", "--source", "127.0.1.0/27"]
        done = subprocess.run(command, check=False, stdout=sys.stderr)
        if done.returncode not in JUDGED:
            sys.exit(f"the run did not come to its end: exit code {done.returncode}")
        return rows(folder / "run", given.protocol)


def main() -> None:
    """Run the benchmark and write its table."""
    parser = options.parser(__doc__)
    parser.add_argument("--protocol", choices=PROTOCOLS, default="http")
    parser.add_argument("--warm-up", type=Fraction, default=Fraction(20), help="minutes before the window")
    parser.add_argument("--minutes", type=Fraction, default=Fraction(5), help="minutes of window")
    parser.add_argument("--scale", default="1", help="share of the region's people")
    given = options.read(parser, short={"warm_up": Fraction(1, 60), "minutes": Fraction(1, 20), "scale": "1/40"})
    found, errors = measured(given)
    lines = ["# The region's lockdown peak from one core", "", "| | |", "|---|--:|"]
    lines += [f"| {name} | {value} |" for name, value in found.items()]
    options.keep(given, f"region-{given.protocol}.md", "\n".join(lines))
    if errors > MOST_ERRORS:
        sys.exit(f"{errors:.2%} were not served, more than {MOST_ERRORS:.1%}")


if __name__ == "__main__":
    main()
