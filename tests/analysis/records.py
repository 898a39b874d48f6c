"""Run directories and runs in memory with known figures, for tests of what is concluded from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from entsurge.analysis.run import PAGE_COLUMNS, Run
from entsurge.record.histogram import bucket

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PHASES = [
    {"name": "warm-up", "start_s": 0, "end_s": 10},
    {"name": "surge", "start_s": 10, "end_s": 110},
    {"name": "drain", "start_s": 110, "end_s": 140},
]


def page_rows(**given: Any) -> list[dict[str, Any]]:
    """One page's rows, corrected and service: `seconds`, `count` and whatever the key should say."""
    key = {
        "second": 20, "persona": "student", "group": "Lyon", "service": "homework", "page": "read-homework",
        "phase": "surge", "outcome": "ok",
    }  # fmt: skip
    seconds, served = given.pop("seconds", 0.3), given.pop("service_seconds", None)
    count = given.pop("count", 1)
    of = {"corrected": seconds, "service": seconds if served is None else served}
    return [
        {**key, **given, "timing": timing, "bucket": bucket(int(value * 1e6)), "count": count}
        for timing, value in of.items()
    ]


def run_of(rows: list[dict[str, Any]], path: Path | None = None, **manifest: Any) -> Run:
    """A run with these page rows that ended in order; nothing on disk."""
    told: Mapping[str, Any] = {
        "name": "r", "profile": "p", "scale": "1", "compression": 1.0, "phases": PHASES, "perturbations": [],
        "planned": {"student": {"visits": 1, "page_views": 1}}, "objectives": [], "target": {"name": "t", "url": "u"},
        "protected": ["student"], "started_utc": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    visits = pd.DataFrame({
        name: pd.Series(dtype="object")
        for name in ("phase", "persona", "ok", "shed", "failed", "lost", "planned", "services", "sign_on")
    })  # fmt: skip
    pages = pd.DataFrame(rows, columns=PAGE_COLUMNS)
    return Run(path, {**told, **manifest}, {"end": "completed"}, pages, visits, [], [], [])  # type: ignore[arg-type]


def objective(must: str, **given: Any) -> dict[str, Any]:
    """An objective as a manifest has it."""
    return {"id": "o", "persona": "student", "service": "*", "phase": "surge", "must": must, "required": True, **given}
