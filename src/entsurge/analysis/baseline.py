"""Which runs a comparison is made against: run directories, or folders of them, the last ten that can be believed."""

from __future__ import annotations

import filecmp
from itertools import combinations
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.findings.statement import Statement
from entsurge.record.layout import MANIFEST, SERIES_FILE, is_run, runs_in
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


def apart(baselines: Sequence[Path], candidates: Iterable[Path]) -> tuple[list[Path], list[Statement]]:
    """The run directories of the baselines that are no candidate; what was left out of folders that hold one.

    Raises UsageError for a candidate that is named as a baseline, be it a copy of it.
    """
    candidates = list(candidates)
    kept: list[Path] = []
    notes: list[Statement] = []
    for path in run_folders(baselines):
        twin = next((each for each in candidates if same_run(path, each)), None)
        if twin is None:
            kept.append(path)
        elif path in baselines:
            raise _same(path, twin)
        else:
            notes.append(Statement("baseline-left-out", {"name": path.name, "why": Statement("is-a-candidate")}))
    return kept, notes


def refuse_twins(runs: Iterable[Path]) -> None:
    """Raise UsageError where two of these are one run, of which the latest would be held against itself."""
    for one, other in combinations(runs, 2):
        if same_run(one, other):
            raise _same(one, other)


def same_run(one: Path, other: Path) -> bool:
    """Whether two run directories are one, or hold the same run: its manifest (which has its start) and its series.

    What cannot be read is told by whoever reads the runs.
    """
    try:
        return one.resolve() == other.resolve() or all(
            filecmp.cmp(one / name, other / name, shallow=False) for name in (MANIFEST, SERIES_FILE)
        )
    except OSError:
        return False


def _same(baseline: Path, candidate: Path) -> UsageError:
    copy = baseline.resolve() != candidate.resolve()
    told = "{path}: the same run as the candidate {twin}" if copy else "{path}: a baseline and a candidate at once"
    return UsageError(said(told, path=baseline, twin=candidate), hint="name other runs as baselines")


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
