"""Small run directories for tests of the report, written by the record's own writer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from entsurge.client.response import Timing
from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SERVICES = ("home", "homework")


def record(path: Path, *, name: str, served: bool = True, people: Mapping[str, int] | None = None, **more: Any) -> Path:
    """A run directory as the engine would leave it: 120 pupils and 80 teachers, or other `people`, of two pages."""
    directory = RunDirectory(path)
    recorder = Recorder(directory)
    figures = {"visits": 200.0, "page_views": 400.0, "minutes_per_visit": 2.0, "pages_per_visit": 2.0}
    planned = people or {"student": 120, "teacher": 80}
    manifest = {
        "format": 1, "name": name, "title": {"fr": name, "en": name}, "profile": "quick", "seed": 1, "scale": "1/86",
        "versions": {"entsurge": "0"}, "plan_digest": "0" * 64, "content": [], "compression": 45.0,
        "target": {"url": "http://127.0.0.1:1", "driver": "portal", "name": HOSTILE,
                   "connection": {"http": "2", "tls": "TLSv1.3", "cipher": HOSTILE, "address": "::1"}},
        "protected": ["student"],
        "started_utc": "2026-01-01T00:00:00+00:00",
        "window": {"day": "monday", "from": "09:00", "to": "09:30"}, "perturbations": [], "population": {},
        "phases": [
            {"name": "warm-up", "start_s": 0, "end_s": 1}, {"name": "surge", "start_s": 1, "end_s": 11},
            {"name": "drain", "start_s": 11, "end_s": 20},
        ],
        "figures": {"published": {key: {"value": value, "change_percent": 43.0} for key, value in figures.items()},
                    "week": figures, "window": figures},
        "planned": {
            who: {"visits": n, "page_views": 2 * n, "services": dict.fromkeys(SERVICES, n)}
            for who, n in planned.items()
        },
        "objectives": [
            {"id": "o", "persona": "*", "service": "*", "phase": "surge", "must": "errors < 5%", "required": True}
        ],
    }  # fmt: skip
    directory.write_json("manifest.json", manifest | more)
    outcome = "ok" if served else "failed"
    for who, count in planned.items():
        for number in range(count):
            for service in SERVICES:
                recorder.page(Key("page", who, "Lyon", service, "read", "surge", outcome), 300_000 + number, 300_000)
            cells = [
                {"service": service, "planned": 1, "ok": int(served), "shed": 0, "failed": int(not served), "lost": 0}
                for service in SERVICES
            ]
            recorder.visit(
                {
                    "name": f"{who}/{number}", "persona": who, "group": "Lyon", "school": "9990001X", "phase": "surge",
                    "due_us": 1_000_000, "start_us": 1_000_000, "end_us": 4_000_000, "planned": 2, "ok": 2 * served,
                    "shed": 0, "failed": 2 * (not served), "lost": 0, "unserved": 0, "planned_gap_us": 3_000_000,
                    "waiting_us": 600_000, "work_planned": True, "work_served": served, "services": cells,
                    "sign_on": "ok", "end": "completed",
                }
            )  # fmt: skip
    asked = Key("request", "student", "Lyon", "home", "read", "surge", "ok")
    for number in range(40 if served else 0):
        made = {0: "full", 1: "resumed"}.get(number % 8, "")
        steps = (5, 300, 4_000 if number % 8 == 0 else 900) if made else (0, 0, 0)
        protocol = "2" if number % 4 else "1.1"
        if made:
            recorder.connection(asked, protocol, made, steps)
        timing = Timing(*steps, 20_000 + number, 1_000, sum(steps) + 21_000 + number)
        recorder.requests(asked).add("ok", protocol, timing)
    example = {
        "outcome": "failed", "persona": "student", "service": "home", "page": HOSTILE,
        "request": {"method": "GET", "url": HOSTILE, "headers": {}},
        "response": {"status": 500, "headers": {HOSTILE: HOSTILE}, "excerpt": HOSTILE}, "traceback": HOSTILE,
    }  # fmt: skip
    recorder.failure(1.0, HOSTILE, example)
    recorder.fold(2)
    directory.append("gauges.jsonl", {"t": 3, "offered": 200, "started": 200, "lost": 0, "visitors": {"student": 5}})
    little = {"presence": 1.0, "from_visits": 1.0, "residual": 0.0, "judged": True}
    directory.write_json("finish.json", {"end": "completed", "little": little, "cpu_share": 0.1, "signatures": {}})
    directory.close()
    return path


def with_everything(path: Path) -> Path:
    """A run that shows whatever a report can show: a fault, a measure, hostile metrics, a worker lost, events."""
    both = {"fr": HOSTILE, "en": HOSTILE}
    record(
        path, name="storm", served=False, protected=["student"], title=both,
        perturbations=[
            {"id": "m", "kind": "measure", "title": both, "defers": ["parent"], "start_s": 2.0, "end_s": 9.0},
            {"id": HOSTILE, "kind": "fault", "title": both, "defers": [], "start_s": 4.0, "end_s": 6.0},
        ],
        objectives=[
            {"id": "a", "persona": "*", "service": "*", "phase": "surge", "must": "errors < 5%", "required": True},
            {"id": "b", "persona": "student", "service": "home", "phase": "surge", "must": "p95 < 1s",
             "required": False},
            {"id": "c", "persona": "parent", "service": "*", "phase": "surge", "must": "p95 < 1s", "required": True},
        ],
    )  # fmt: skip
    rows = {
        "target.jsonl": [{"t": t, "series": HOSTILE, "value": t % 3, "kind": "gauge"} for t in range(12)],
        "events.jsonl": [
            {"t": 3, "kind": "worker", "id": HOSTILE, "state": "lost", "detail": HOSTILE},
            {"t": 4.5, "kind": "perturbation", "id": HOSTILE, "state": "applied", "detail": ""},
            {"t": 5.0, "kind": "perturbation", "id": HOSTILE, "state": "ended", "detail": ""},
        ],
    }
    for name, lines in rows.items():
        (path / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with (path / "gauges.jsonl").open("a", encoding="utf-8") as file:
        file.write("half a li")
    return path
