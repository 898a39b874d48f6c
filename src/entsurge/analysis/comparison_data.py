"""Everything that a comparison of runs says, as plain data; rendering adds words and shapes, no figures."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from entsurge.analysis.baseline import MOST_RUNS, in_order, run_folders
from entsurge.analysis.comparison import compare
from entsurge.analysis.history import FEWEST_FOR_HISTORY, changes
from entsurge.analysis.measured import Measured, measured
from entsurge.audience.persona import of_manifest
from entsurge.errors import UsageError
from entsurge.record.reading.documents import read_manifest
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.audience.persona import Persona


def comparison_data(
    baselines: Sequence[Path],
    candidates: Sequence[Path] = (),
    *,
    quantile: float = 95.0,
    least_effect: float = 0.10,
    enforce: bool = True,
) -> dict[str, Any]:
    """The findings on 2 to 30 runs, one in memory at a time; without candidates the latest run is the candidate.

    Raises UsageError for what is no run directory, too few or too many runs, and runs of other plans if `enforce`.
    """
    old, new = run_folders(baselines), run_folders(candidates)
    chosen = {path.resolve() for path in new}
    old = [path for path in old if path.resolve() not in chosen]
    if len(old) + len(new) > MOST_RUNS:
        raise UsageError(f"{len(old) + len(new)} runs; at most {MOST_RUNS} are compared")
    base = in_order(measured(read_run(path), quantile) for path in old)
    candidate = in_order(measured(read_run(path), quantile) for path in new)
    if not candidate and base:
        base, candidate = base[:-1], base[-1:]
    found = compare(base, candidate, quantile=quantile, least_effect=least_effect, enforce=enforce)
    runs = in_order([*base, *candidate])
    return {
        "format": 1,
        "generated_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        **found.as_json(),
        "personas": _personas([*old, *new]),
        "runs": [_run(run, is_candidate=any(run is each for each in candidate)) for run in runs],
        "history": {
            "fewest": FEWEST_FOR_HISTORY,
            "changes": [asdict(change) for change in changes(runs, least_effect=least_effect)],
        },
    }


def _personas(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """The personas of all runs; of one key, as the latest of them has it."""
    known: dict[str, Persona] = {}
    for path in runs:
        known |= of_manifest(read_manifest(path))
    return [each.as_json() for each in known.values()]


def _run(run: Measured, *, is_candidate: bool) -> dict[str, Any]:
    return {
        "name": run.name, "started_utc": run.started_utc, "candidate": is_candidate, "failed": run.failed_share,
        "refused": run.shed_share, "pages": sum(run.asked.values()),
        "plan_digest": str(run.plan.get("plan_digest") or "")[:12], "in_doubt": list(run.unbelievable),
    }  # fmt: skip
