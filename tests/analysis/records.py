"""Run directories with known figures, written by the record's own writer, for tests of what is concluded from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from entsurge.record.reading.run import Run, read_run
from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PHASES = [
    {"name": "warm-up", "start_s": 0, "end_s": 10},
    {"name": "surge", "start_s": 10, "end_s": 110},
    {"name": "drain", "start_s": 110, "end_s": 140},
]
FIGURES = {"visits": 1.0, "page_views": 1.0, "minutes_per_visit": 1.0, "pages_per_visit": 1.0}


class Pages(NamedTuple):
    """So many pages of one kind that ended in one second."""

    key: Key
    seconds: float
    service_seconds: float
    count: int
    second: int


def pages(
    *, seconds: float = 0.3, service_seconds: float | None = None, count: int = 1, second: int = 20, **key: str
) -> list[Pages]:
    """One line of `Pages`; a pupil's homework in the surge, served, unless told otherwise."""
    of = {"persona": "student", "group": "Lyon", "service": "homework", "page": "read-homework", "phase": "surge",
          "outcome": "ok"}  # fmt: skip
    served = seconds if service_seconds is None else service_seconds
    kind = "phased" if key.get("phase") in ("baseline", "fault", "recovery") else "page"
    return [Pages(Key(kind, **(of | key)), seconds, served, count, second)]


def visit(**given: Any) -> dict[str, Any]:
    """One finished visit of one page, served, as the engine writes it."""
    row = {
        "name": "student/1", "persona": "student", "group": "Lyon", "school": "9990001X", "phase": "surge",
        "due_us": 20_000_000, "start_us": 20_000_000, "end_us": 24_000_000, "planned": 1, "ok": 1, "shed": 0,
        "failed": 0, "lost": 0, "unserved": 0, "planned_gap_us": 4_000_000, "waiting_us": 300_000,
        "work_planned": True, "work_served": True, "sign_on": "ok", "end": "completed",
    } | given  # fmt: skip
    cell = {name: row[name] for name in ("planned", "ok", "shed", "failed", "lost")}
    return {"services": [{"service": "homework", **cell}]} | row


def record(path: Path, rows: Iterable[Pages] = (), visits: Iterable[dict[str, Any]] = (), **manifest: Any) -> Path:
    """Write a run that ended in order, under a folder of its own in `path`; the folder."""
    path /= f"run-{len(list(path.glob('run-*')))}"
    told = {
        "format": 1, "name": path.name, "title": {"fr": "essai", "en": "trial"}, "profile": "p", "scale": "1",
        "compression": 1.0, "seed": 1, "plan_digest": "0" * 64, "content": [], "versions": {"entsurge": "0"},
        "window": {"day": "monday", "from": "09:00", "to": "09:30"}, "phases": PHASES, "perturbations": [],
        "population": {}, "planned": {"student": {"visits": 1, "page_views": 1, "services": {}}}, "objectives": [],
        "target": {"name": "t", "url": "http://127.0.0.1:1"}, "protected": ["student"],
        "started_utc": "2026-01-01T00:00:00+00:00",
        "figures": {"published": None, "week": FIGURES, "window": FIGURES},
    } | manifest  # fmt: skip
    directory = RunDirectory(path)
    directory.write_json("manifest.json", told)
    recorder = Recorder(directory)
    by_second: dict[int, list[Pages]] = {}
    for each in rows:
        by_second.setdefault(each.second, []).append(each)
    for each in visits:
        recorder.visit(each)
    for second, ended in sorted(by_second.items()) or [(0, [])]:
        for each in ended:
            for _ in range(each.count):
                recorder.page(each.key, round(each.seconds * 1e6), round(each.service_seconds * 1e6))
        recorder.fold(second)
    directory.write_json("finish.json", {"end": "completed", "cpu_share": 0.1})
    directory.close()
    return path


def run_of(path: Path, rows: Iterable[Pages] = (), **more: Any) -> Run:
    """The same, read back."""
    return read_run(record(path, rows, **more))


def objective(must: str, **given: Any) -> dict[str, Any]:
    """An objective as a manifest has it."""
    return {"id": "o", "persona": "student", "service": "*", "phase": "surge", "must": must, "required": True, **given}
