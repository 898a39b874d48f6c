"""Writes a run directory of any size through the record's own writer: a region's hour, lognormal times, a bad spell.

`python benchmarks/synthetic_run.py FOLDER --requests 10000000`; without a folder it is written, counted and removed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import options

from entsurge.record.histogram import buckets
from entsurge.record.writer import RunDirectory

if TYPE_CHECKING:
    import argparse

PERSONAS = {"student": 0.607, "teacher": 0.137, "parent": 0.236, "staff": 0.02}
SERVICES = (
    "sign-on", "home", "lesson-book", "homework", "messages", "marks", "absences", "files", "chat", "video-class",
    "news", "agenda",
)  # fmt: skip
ACADEMIES = ("Clermont-Ferrand", "Grenoble", "Lyon")
PAGES, REQUESTS_PER_PAGE, PAGES_PER_VISIT, SCHOOLS = 40, 8, 8, 300
SECONDS = 3600
GAP_US = 8_000_000
OUTCOMES = ("ok", "shed", "failed")


@dataclass(frozen=True)
class Shape:
    """How much a run holds; its seconds are those of the window."""

    requests: int
    seconds: int = SECONDS
    pages: int = PAGES
    seed: int = 1
    edge: int = 60  # seconds of warm-up, and of drain
    slower: float = 5.0  # while the fault lasts and a while after; 1 for no fault
    served: float = 0.96
    title: tuple[str, str] = ("Tir de synthèse", "Synthetic run")

    @property
    def phases(self) -> list[dict[str, Any]]:
        """Warm-up, surge, drain."""
        edges = (0, self.edge, self.edge + self.seconds, 2 * self.edge + self.seconds)
        names = ("warm-up", "surge", "drain")
        return [
            {"name": name, "start_s": float(begin), "end_s": float(end)}
            for name, begin, end in zip(names, edges, edges[1:], strict=False)
        ]

    @property
    def perturbations(self) -> list[dict[str, Any]]:
        """The fault, unless nothing gets slower: half-way, for a twelfth of the window."""
        begin = float(self.edge + self.seconds // 2)
        title = {"fr": "base de données lente", "en": "slow database"}
        fault = {"id": "slow-database", "kind": "fault", "title": title, "defers": [], "start_s": begin,
                 "end_s": begin + self.seconds // 12}  # fmt: skip
        return [fault] if self.slower > 1 else []

    def phase(self, second: int) -> int:
        """The number of the phase that a second is in; the drain's pages were due in the surge."""
        return 0 if second < self.edge else 1


def write(path: Path, shape: Shape) -> Path:
    """Write the run; its folder."""
    directory = RunDirectory(path)
    directory.write_json("manifest.json", manifest(path.name, shape))
    keys = _keys(shape)
    directory.write_json("keys.json", keys.described)
    random = np.random.Generator(np.random.PCG64(shape.seed))
    total = shape.edge + shape.seconds
    for second in range(total):
        begin, end = (shape.requests * each // total for each in (second, second + 1))
        pages = end // REQUESTS_PER_PAGE - begin // REQUESTS_PER_PAGE
        _second(directory, random, keys, shape, second, requests=end - begin, pages=pages)
        visits = end // REQUESTS_PER_PAGE // PAGES_PER_VISIT - begin // REQUESTS_PER_PAGE // PAGES_PER_VISIT
        directory.visits([_visit(random, shape, second, number) for number in range(visits)])
        _gauge(directory, shape, second)
    for event in shape.perturbations:
        about = {"kind": "perturbation", "id": event["id"], "detail": ""}
        directory.append("events.jsonl", {"t": event["start_s"], "state": "applied", **about})
        directory.append("events.jsonl", {"t": event["end_s"], "state": "ended", **about})
    directory.write_json("finish.json", _finish(shape))
    directory.close()
    return path


@dataclass(frozen=True)
class _Keys:
    described: list[dict[str, str]]
    page: dict[tuple[int, int, int, int], int]
    request: dict[tuple[int, int, int], int]
    wait: dict[tuple[int, int], int]  # by phase and service; the transfer's follows


def _keys(shape: Shape) -> _Keys:
    described: list[dict[str, str]] = []
    page, request = {}, {}
    for place, phase in enumerate(("warm-up", "surge")):
        for who, persona in enumerate(PERSONAS):
            for what, service in enumerate(SERVICES):
                key = {"kind": "page", "persona": persona, "group": "", "service": service, "phase": phase,
                       "cohort": "control", "attempt": "first"}  # fmt: skip
                for outcome in OUTCOMES:
                    for number in range(shape.pages):
                        of = key | {"page": f"{service}-{number}", "outcome": outcome}
                        page[place, who, what, OUTCOMES.index(outcome) * shape.pages + number] = len(described)
                        described += [of | {"timing": "corrected"}, of | {"timing": "service"}]
                for number in range(shape.pages):
                    request[place, who, what * shape.pages + number] = len(described)
                    described.append(key | {"kind": "request", "page": f"{service}-{number}", "outcome": "ok",
                                            "timing": "service"})  # fmt: skip
    wait = {}
    for place, phase in enumerate(("warm-up", "surge")):
        for what, service in enumerate(SERVICES):
            wait[place, what] = len(described)
            described += [
                {"kind": "transport", "persona": "", "group": "", "service": service, "phase": phase, "page": step,
                 "cohort": "control", "attempt": "first", "outcome": "ok", "timing": "service"}
                for step in ("wait 1.1", "transfer 1.1")
            ]  # fmt: skip
    return _Keys(described, page, request, wait)


def _times_us(random: np.random.Generator, count: int, median_us: float) -> Any:
    return (random.lognormal(np.log(median_us), 0.5, count)).astype(np.int64)


def slow(shape: Shape, second: int) -> float:
    """By how much everything is slower in this second."""
    return shape.slower if 0 <= second - shape.edge - shape.seconds // 2 < shape.seconds // 10 else 1.0


def _second(
    directory: RunDirectory, random: np.random.Generator, keys: _Keys, shape: Shape, second: int, *, requests: int,
    pages: int,
) -> None:  # fmt: skip
    phase, factor = shape.phase(second), slow(shape, second)
    who = random.choice(len(PERSONAS), requests, p=list(PERSONAS.values()))
    what = random.integers(0, len(SERVICES), requests)
    number = random.integers(0, shape.pages, requests)
    first = keys.request[phase, 0, 0]
    of_persona = keys.request[phase, 1, 0] - first
    of_service = keys.request[phase, 0, shape.pages] - first if len(SERVICES) > 1 else 0
    key = first + who * of_persona + what * of_service + number
    service_us = _times_us(random, requests, 60_000 * factor)
    outcome = random.choice(len(OUTCOMES), pages, p=(shape.served, (1 - shape.served) / 2, (1 - shape.served) / 2))
    first = keys.page[phase, 0, 0, 0]
    page_key = first + who[:pages] * of_persona + what[:pages] * of_service
    page_key += 2 * (outcome * shape.pages + number[:pages])
    page_us = _times_us(random, pages, 300_000 * factor)
    late_us = random.exponential(2_000, pages).astype(np.int64)
    wait = keys.wait[phase, 0] + 2 * what
    every = np.concatenate([key, page_key, page_key + 1, wait, wait + 1])
    times = np.concatenate([service_us, page_us + late_us, page_us, service_us * 9 // 10, service_us // 10])
    pairs, counts = np.unique(every * 65536 + buckets(times), return_counts=True)
    size = len(pairs)
    if size:
        directory.series(
            (np.full(size, second, np.int32), np.zeros(size, np.int16), np.full(size, second, np.int32),
             (pairs // 65536).astype(np.int32), (pairs % 65536).astype(np.int32), counts.astype(np.int32))
        )  # fmt: skip


def _visit(random: np.random.Generator, shape: Shape, second: int, number: int) -> dict[str, Any]:
    persona = list(PERSONAS)[int(random.choice(len(PERSONAS), p=list(PERSONAS.values())))]
    due_us = second * 1_000_000 + int(random.integers(0, 1_000_000))
    ok = PAGES_PER_VISIT if random.random() < shape.served - 0.06 else int(random.integers(0, PAGES_PER_VISIT))
    failed = min(1, PAGES_PER_VISIT - ok)
    chosen = random.choice(len(SERVICES) - 1, 4, replace=False) + 1
    each = PAGES_PER_VISIT // 4
    services = [
        {"service": SERVICES[service], "planned": each, "ok": min(each, max(0, ok - each * place)), "shed": 0,
         "failed": failed if place == 0 and ok < each else 0, "lost": 0}
        for place, service in enumerate(chosen.tolist())
    ]  # fmt: skip
    failed = sum(part["failed"] for part in services)
    school = int(random.integers(0, SCHOOLS))
    return {
        "name": f"{persona}/{second}/{number}", "persona": persona, "group": ACADEMIES[school % len(ACADEMIES)],
        "school": f"999{school:04d}X", "phase": ("warm-up", "surge")[shape.phase(second)], "due_us": due_us,
        "start_us": due_us + 400, "end_us": due_us + GAP_US, "planned": PAGES_PER_VISIT, "ok": ok, "shed": 0,
        "failed": failed, "lost": 0, "unserved": PAGES_PER_VISIT - ok - failed, "planned_gap_us": GAP_US,
        "waiting_us": 300_000 * PAGES_PER_VISIT, "work_planned": bool(random.random() < 0.7), "work_served": ok > 2,
        "services": services, "sign_on": "ok" if random.random() < 0.98 else "failed", "end": "completed",
    }  # fmt: skip


def _gauge(directory: RunDirectory, shape: Shape, second: int) -> None:
    factor = slow(shape, second)
    visits = shape.requests / REQUESTS_PER_PAGE / PAGES_PER_VISIT / (shape.edge + shape.seconds)
    present = {name: round(visits * GAP_US / 1e6 * share * factor) for name, share in PERSONAS.items()}
    done = round(visits * (second + 1))
    directory.append(
        "gauges.jsonl",
        {"t": second + 1, "offered": done, "started": done, "lost": 0, "visitors": present, "start_lag_p99_us": 900,
         "cpu_share": 0.4, "processes": {"engine": 0.4}, "descriptors": 900, "stall_us": 900},
    )  # fmt: skip
    if second % 5 == 0:
        busy = min(16.0, 3.0 * factor)
        directory.append("target.jsonl", {"t": float(second), "series": "entsandbox_workers_busy", "value": busy})


def _finish(shape: Shape) -> dict[str, Any]:
    visits = shape.requests // REQUESTS_PER_PAGE // PAGES_PER_VISIT
    return {
        "ended_utc": "2026-01-05T09:02:00+00:00", "end": "completed", "offered": visits, "started": visits, "lost": 0,
        "cpu_share": 0.4, "processes": {"engine": 0.4}, "limits": {}, "signatures": {},
        "descriptors": {"most_open": 900, "allowed": 20_000},
        "little": {"presence": 1.0, "from_visits": 1.0, "residual": 0.0, "judged": True},
        "start_lag_us": {"p50": 200, "p99": 900, "max": 4000}, "stall_us": {"p50": 300, "p99": 900, "max": 4000},
    }  # fmt: skip


def manifest(name: str, shape: Shape) -> dict[str, Any]:
    """A manifest as the engine writes it, its counts those of this shape."""
    visits = shape.requests // REQUESTS_PER_PAGE // PAGES_PER_VISIT * shape.seconds // (shape.edge + shape.seconds)
    figures = {
        "visits": float(visits), "page_views": float(visits * PAGES_PER_VISIT), "minutes_per_visit": GAP_US / 60e6,
        "pages_per_visit": float(PAGES_PER_VISIT),
    }  # fmt: skip
    planned = {
        persona: {"visits": round(visits * share), "page_views": round(visits * share) * PAGES_PER_VISIT,
                  "services": {}} for persona, share in PERSONAS.items()
    }  # fmt: skip
    end = f"{9 + shape.seconds // 3600:02d}:{shape.seconds // 60 % 60:02d}"
    return {
        "format": 1, "name": name, "title": dict(zip(("fr", "en"), shape.title, strict=True)), "profile": "synthetic",
        "versions": {"entsurge": "0"}, "seed": shape.seed, "arrivals": "systematic", "plan_digest": "0" * 64,
        "content": [], "target": {"url": "http://127.0.0.1:8080", "driver": "portal", "name": "sandbox"},
        "scale": "1", "compression": 1.0, "started_utc": "2026-01-05T08:00:00+00:00",
        "window": {"day": "monday", "from": "09:00", "to": end},
        "phases": shape.phases, "protected": ["student", "teacher"],
        "figures": {"published": {key: {"value": value, "change_percent": 43.0} for key, value in figures.items()},
                    "week": figures, "window": figures},
        "planned": planned,
        "objectives": [
            {"id": f"{what}-{number}", "persona": "*", "service": service, "phase": "surge", "must": must,
             "required": what != "apdex"}
            for number, service in enumerate(("*", "homework", "messages"))
            for what, must in (("latency", "p95 < 1500ms"), ("errors", "errors < 3%"), ("apdex", "apdex(1s) >= 0.85"))
        ],
        "perturbations": shape.perturbations,
        "population": {"academies": list(ACADEMIES), "schools": SCHOOLS, "people": 100_000},
    }  # fmt: skip


def written(folder: Path, given: argparse.Namespace) -> str:
    """Write one run and read it again: a table of both. Exits when they do not agree."""
    from entsurge.analysis import read_run

    begin = time.perf_counter()
    run = write(folder, Shape(given.requests, given.seconds))
    between = time.perf_counter()
    read = sum(times.total for _, times in read_run(run).tally.each(kind="request"))
    rows = [("written", between - begin), ("read", time.perf_counter() - between)]
    if read != given.requests:
        sys.exit(f"{given.requests} requests were to be written, {read} are read")
    size = sum(path.stat().st_size for path in run.iterdir() if path.is_file()) / 2**20
    lines = [f"# A synthetic run: {given.requests:,} requests, {size:.1f} MiB", "", "| | seconds |", "|---|--:|"]
    return "\n".join([*lines, *(f"| {name} | {seconds:.2f} |" for name, seconds in rows)])


def main() -> None:
    """Write one run."""
    parser = options.parser(__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = options.read(parser, short={"requests": 20_000, "seconds": 60})
    if given.folder:
        write(given.folder, Shape(given.requests, given.seconds))
        return
    with tempfile.TemporaryDirectory() as name:
        options.keep(given, "synthetic_run.md", written(Path(name) / "run", given))


if __name__ == "__main__":
    main()
