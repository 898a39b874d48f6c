"""The lockdown's peak of a whole region, full scale and real time, from one core: validity figures of that run.

`python benchmarks/region.py` takes half an hour: 20 minutes until the audience is stationary (no visit lasts longer),
5 minutes of window, Monday 09:00. The target is nginx on the other core, dressed as a portal.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import pyarrow as pa
import servers

from entsurge import content

SERVICES = {
    "home": "accueil", "lesson-book": "cahier-de-textes", "homework": "travail", "messages": "messagerie",
    "marks": "notes", "absences": "absences", "files": "fichiers", "news": "actualites", "chat": "chat",
    "video-class": "visio",
}  # fmt: skip
ASSETS, CALLS = 9, 5
PORTAL = """
  location = /cas/login {{
    if ($request_method = POST) {{ return 302 /etab/landing/accueil; }}
    default_type text/html; alias {folder}/www/login.html;
  }}
  location ~ ^/etab/[^/]+/(?<service>[a-z-]+) {{
    error_page 405 =200 /pages/$service.html;
    try_files /pages/$service.html =404;
  }}
  location /api/ {{ default_type application/json; return 200 '{{"ok":true}}'; }}
"""
LOGIN = (
    '<!doctype html><form method="post"><input type="hidden" name="execution" value="e1s1">'
    '<input name="username"><input name="password" type="password"></form>'
)
PAGE = (
    '<!doctype html><html><head><meta name="ent-service" content="{service}"><meta name="csrf" content="c">{links}'
    '</head><body data-xhr="{calls}">{text}</body></html>'
)


def dress(www: Path) -> None:
    """A portal's pages: each with nine assets, revalidated by their ETag, and five XHR."""
    (www / "login.html").write_text(LOGIN)
    for folder in ("pages", "static"):
        (www / folder).mkdir()
    links = "".join(f'<script src="/static/part-{number}.js"></script>' for number in range(ASSETS))
    calls = " ".join(f"/api/part-{number}" for number in range(CALLS))
    for number in range(ASSETS):
        (www / "static" / f"part-{number}.js").write_text("//" + "x" * 8000)
    for service, path in SERVICES.items():
        text = "x" * 12_000
        (www / "pages" / f"{path}.html").write_text(PAGE.format(service=service, links=links, calls=calls, text=text))


def profile(folder: Path, *, warm_up: int, minutes: int, scale: str) -> Path:
    """The shipped lockdown in real time, with schools enough that nobody has to sign on twice at once."""
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    path = folder / "region.toml"
    shipped = shipped.replace('to = "09:30"', f'to = "09:{minutes:02d}"')
    shipped = shipped.replace('scale = "1/86"\ncompression = 45', f'scale = "{scale}"\ncompression = 1')
    shipped = shipped.replace("[replay]\n", f"[replay]\nwarm_up_minutes = {warm_up}\ndrain_seconds = 20\n")
    path.write_text(shipped + "\n[population]\nschools = 400\n", encoding="utf-8")
    return path


def report(run: Path) -> str:
    """The figures of the window, from the run directory."""
    manifest, finish = (json.loads((run / name).read_text()) for name in ("manifest.json", "finish.json"))
    verdict: dict[str, Any] = json.loads((run / "verdict.json").read_text())
    gauges = [json.loads(line) for line in (run / "gauges.jsonl").read_text().splitlines()]
    begin, end = manifest["phases"][1]["start_s"], manifest["phases"][1]["end_s"]
    inside = [row for row in gauges if begin < row["t"] <= end]
    visitors = [sum(row["visitors"].values()) for row in inside]
    cpu = [row["cpu_share"] for row in inside]
    from entsurge.analysis import read_run

    read = read_run(run)
    pages = read.pages[(read.pages["timing"] == "service") & (read.pages["service"] != "sign-on")]
    pages = pages[(pages["second"] >= begin) & (pages["second"] < end)]
    lag, stall, little = finish["start_lag_us"], finish["stall_us"], finish["little"]
    rows = {
        "verdict": verdict["verdict"],
        "visits/s started": f"{(inside[-1]['started'] - inside[0]['started']) / (len(inside) - 1):.2f}",
        "pages/s": f"{pages['count'].sum() / (end - begin):.1f}",
        "requests/s": f"{_requests(run, begin, end) / (end - begin):.0f}",
        "visitors at once, mean (min-max)": f"{sum(visitors) / len(visitors):.0f} ({min(visitors)}-{max(visitors)})",
        "processor, share of one core, mean (max)": f"{sum(cpu) / len(cpu):.1%} ({max(cpu):.1%})",
        "start lag p50 / p99 / max, ms": " / ".join(f"{lag[name] / 1000:.2f}" for name in ("p50", "p99", "max")),
        "loop late p50 / p99 / max, ms": " / ".join(f"{stall[name] / 1000:.2f}" for name in ("p50", "p99", "max")),
        "Little's residual": f"{little['residual']:.2%} ({'judged' if little['judged'] else 'not judged'})",
        "offered = started + lost": f"{finish['offered']} = {finish['started']} + {finish['lost']}",
        "descriptors open at most": str(finish["descriptors"]["most_open"]),
    }
    lines = ["# The region's lockdown peak at full scale, real time, one core", "", "| | |", "|---|--:|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())]) + "\n"


def _requests(run: Path, begin: float, end: float) -> int:
    """How many requests ended in this span."""
    keys = json.loads((run / "keys.json").read_text())
    wanted = [number for number, key in enumerate(keys) if key["kind"] == "request"]
    with pa.OSFile(str(run / "series.arrows")) as source, pa.ipc.open_stream(source) as stream:
        table = stream.read_all().to_pandas()
    inside = table[table["key"].isin(wanted) & (table["second"] >= begin) & (table["second"] < end)]
    return int(inside["count"].sum())


def main() -> None:
    """Run the benchmark and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--scale", default="1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, servers.nginx(dress=dress, more=PORTAL) as served:
        folder = Path(name)
        path = profile(folder, warm_up=given.warm_up, minutes=given.minutes, scale=given.scale)
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, "-m", "entsurge", "run"]
        command += [str(path), "--target", served.url, "--out", str(folder / "run"), "--exporter-port", "0"]
        done = subprocess.run([*command, "--source", "127.0.1.0/27"], check=False)
        print(f"exit code {done.returncode}", file=sys.stderr)
        text = report(folder / "run")
    print(text)
    (Path(__file__).parent / "results" / "region.md").write_text(text)


if __name__ == "__main__":
    main()
