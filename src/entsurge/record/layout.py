"""The files of a run directory (docs/run-directory.md), and whether a folder is one; loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
MANIFEST, FINISH, KEYS, VERDICT, PROCESS = "manifest.json", "finish.json", "keys.json", "verdict.json", "engine.pid"
SERIES_FILE, VISITS_FILE, RETRIES_FILE = "series.arrows", "visits.arrows", "retries.arrows"
GAUGES, EVENTS, FAILURES, TARGET, CREATED = (
    "gauges.jsonl", "events.jsonl", "failures.jsonl", "target.jsonl", "created.jsonl",
)  # fmt: skip
CLEANED = "cleanup.json"
SEARCH, TRIAL = JOURNALS = ("search.jsonl", "measures.jsonl")
"""What capacity searches and trials of measures write beside their runs, and go on from."""
REPORT = "report.{language}.html"  # written by render, beside the run


def is_run(path: Path) -> bool:
    """Whether this folder holds a run."""
    return (path / MANIFEST).is_file()


def runs_in(path: Path) -> list[Path]:
    """The run directories in this folder, in order of name."""
    return sorted(each.parent for each in path.glob(f"*/{MANIFEST}")) if path.is_dir() else []
