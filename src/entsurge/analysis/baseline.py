"""Which runs a comparison is made against: run directories, or folders of them, the last ten that can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.findings.statement import Statement
from entsurge.record.layout import is_run, runs_in
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from entsurge.analysis.measured import Measured

MOST_BASELINES, MOST_RUNS = 10, 30


def run_folders(paths: Iterable[Path]) -> list[Path]:
    """Run directories as they are; of any other folder the run directories in it, in order of name, each once.

    Raises UsageError for what is neither.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if is_run(path):
            found[path] = None
            continue
        inside = runs_in(path)
        if not inside:
            raise UsageError(
                said("{path}: no run directory", path=path), hint="name a run directory, or a folder that holds some"
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def in_order(runs: Iterable[Measured]) -> list[Measured]:
    """By the instant at which they started."""
    return sorted(runs, key=lambda run: (run.started_utc, run.name))


def last_believable(runs: Sequence[Measured]) -> tuple[list[Measured], list[Statement]]:
    """The last ten that ran to their end and whose measurement holds; what was left out."""
    kept, notes = [], []
    for run in in_order(runs):
        if run.unbelievable:
            notes.append(Statement("baseline-left-out", {"name": run.name, "why": run.unbelievable[0]}))
        else:
            kept.append(run)
    return kept[-MOST_BASELINES:], notes
