"""Everything that a comparison of runs says; rendering adds words and shapes, no figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from entsurge.analysis.baseline import MOST_RUNS, apart, in_order, refuse_twins, run_folders
from entsurge.analysis.comparison import compare
from entsurge.analysis.history import FEWEST_FOR_HISTORY, changes
from entsurge.analysis.measured import Measured, measured
from entsurge.audience.persona import of_manifest
from entsurge.errors import UsageError
from entsurge.findings.comparison import ComparedRun, ComparisonReport, History
from entsurge.record.reading.documents import read_manifest
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.audience.persona import Persona


def comparison_report(
    baselines: Sequence[Path],
    candidates: Sequence[Path] = (),
    *,
    quantile: float = 95.0,
    least_effect: float = 0.10,
    enforce: bool = True,
) -> ComparisonReport:
    """The findings on 2 to 30 runs, one in memory at a time; without candidates the latest run is the candidate.

    Raises UsageError for what is no run directory, a run on both sides, too few or too many runs, and runs of other
    plans if `enforce`.
    """
    new = run_folders(candidates)
    old, left_out = apart(baselines, new)
    if len(old) + len(new) > MOST_RUNS:
        raise UsageError(f"{len(old) + len(new)} runs; at most {MOST_RUNS} are compared")
    if not new:
        refuse_twins(old)
    base = in_order(measured(read_run(path), quantile) for path in old)
    candidate = in_order(measured(read_run(path), quantile) for path in new)
    if not candidate and base:
        base, candidate = base[:-1], base[-1:]
    found = compare(base, candidate, quantile=quantile, least_effect=least_effect, enforce=enforce)
    runs = in_order([*base, *candidate])
    return ComparisonReport(
        **vars(found) | {"notes": left_out + found.notes},
        generated_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        personas=_personas([*old, *new]),
        runs=[_run(run, is_candidate=any(run is each for each in candidate)) for run in runs],
        history=History(FEWEST_FOR_HISTORY, changes(runs, least_effect=least_effect)),
    )


def _personas(runs: Sequence[Path]) -> list[Persona]:
    """The personas of all runs; of one key, as the latest of them has it."""
    known: dict[str, Persona] = {}
    for path in runs:
        known |= of_manifest(read_manifest(path))
    return list(known.values())


def _run(run: Measured, *, is_candidate: bool) -> ComparedRun:
    return ComparedRun(
        run.name, run.started_utc, is_candidate, run.failed_share, run.shed_share, sum(run.asked.values()),
        str(run.plan.get("plan_digest") or "")[:12], list(run.unbelievable), run.resilience, run.simulated,
    )  # fmt: skip
