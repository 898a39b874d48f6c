"""Everything that a report says, as plain data; rendering adds words and shapes, no figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from entsurge.analysis.continuity import continuity
from entsurge.analysis.degradation import matrix
from entsurge.analysis.effects import effects
from entsurge.analysis.figures import figures
from entsurge.analysis.run import Run, read_run
from entsurge.analysis.timeline import timeline
from entsurge.analysis.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COPIED = (
    "name", "profile", "target", "scale", "compression", "window", "started_utc", "seed", "plan_digest", "versions",
    "content", "perturbations",
)  # fmt: skip
EXAMPLES = 40


def report_data(run_paths: Sequence[Path]) -> dict[str, Any]:
    """The findings on these runs; the first is the baseline. Raises UsageError for what is no run directory."""
    runs = [read_run(path) for path in run_paths]
    baseline = runs[0]
    return {
        "format": 1,
        "generated_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "baseline": baseline.name,
        "same_plan_note": _difference(runs),
        "runs": [_run(run, None if run is baseline else baseline) for run in runs],
    }


def _run(run: Run, baseline: Run | None) -> dict[str, Any]:
    found = judge(run)
    visits = run.window_visits
    planned = sum(of["page_views"] for of in run.manifest["planned"].values())
    turned_away = visits[visits["persona"].isin(run.deferred) & (visits["end"] == "shed")]
    return {
        **{name: run.manifest.get(name) for name in COPIED},
        "title": run.manifest.get("title") or {"fr": run.name, "en": run.name},
        "path": run.path.name,
        "phase": run.window["name"],
        "window_seconds": run.window_seconds,
        "notes": run.notes,
        "verdict": found.verdict,
        "exit_code": found.exit_code,
        "sentence": found.sentence,
        "reasons": found.reasons,
        "pages_per_second": {
            "planned": planned / run.window_seconds,
            "ok": int(visits["ok"].sum()) / run.window_seconds,
        },
        "deferred_visits": {str(name): int(count) for name, count in turned_away["persona"].value_counts().items()},
        "continuity": continuity(run),
        "figures": figures(run, baseline),
        "matrix": matrix(run, baseline),
        "objectives": [each.as_json() for each in found.objectives],
        "validity": [light.as_json() for light in found.lights],
        "effects": effects(run, baseline),
        "timeline": timeline(run),
        "failures": _failures(run),
    }


def _failures(run: Run) -> list[dict[str, Any]]:
    """One example per signature, with how often it occurred, the most frequent first."""
    totals = (run.finish or {}).get("signatures", {})
    first: dict[str, dict[str, Any]] = {}
    for each in run.failures:
        known = first.setdefault(each["signature"], dict(each))
        known["count"] = max(totals.get(each["signature"], 0), each.get("count", 1), known["count"])
    ordered = sorted(first.values(), key=lambda each: -each["count"])
    return ordered[:EXAMPLES]


def _difference(runs: list[Run]) -> dict[str, str] | None:
    """What differs between the plans beyond the published figures, if anything does."""
    first = runs[0].manifest
    different = [
        name
        for name in ("scale", "compression", "window", "seed", "population")
        if any(run.manifest.get(name) != first.get(name) for run in runs[1:])
    ]
    shapes = {tuple(_shape(run)) for run in runs}
    different += ["shape"] if len(shapes) > 1 else []
    if not different:
        return None
    names = ", ".join(different)
    return {
        "fr": f"Ces tirs ne suivent pas le même plan : ils diffèrent par {names}.",
        "en": f"These runs do not follow the same plan: they differ in {names}.",
    }


def _shape(run: Run) -> list[str]:
    files = run.manifest.get("content", [])
    return sorted(each["sha256"] for each in files if each["kind"] in ("shapes", "personas"))
