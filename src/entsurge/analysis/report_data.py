"""Everything that a report says, as plain data; rendering adds words and shapes, no figures."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from entsurge.analysis.continuity import continuity
from entsurge.analysis.degradation import matrix
from entsurge.analysis.effects import effects
from entsurge.analysis.figures import figures
from entsurge.analysis.percentiles import percentiles
from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.recovery import recoveries
from entsurge.analysis.retries import retries
from entsurge.analysis.target import target_series
from entsurge.analysis.timeline import timeline
from entsurge.analysis.transport import transport
from entsurge.analysis.verdict import Verdict, judge
from entsurge.audience.persona import of_manifest
from entsurge.errors import UsageError
from entsurge.record.reading.documents import read_manifest
from entsurge.record.reading.run import Run, read_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from entsurge.record.reading.documents import Manifest

COPIED = (
    "name", "profile", "target", "scale", "compression", "window", "started_utc", "seed", "plan_digest", "versions",
    "content", "scrape", "control_share", "edge_of",
)  # fmt: skip
EXAMPLES = 40


def report_data(run_paths: Sequence[Path], *, now: datetime | None = None) -> dict[str, Any]:
    """The findings on these runs; the first is the baseline. Raises UsageError for what is no run directory.

    No more than two runs are held at once. `now` is when the report is made.
    """
    manifests = [read_manifest(path) for path in run_paths]
    plain = {each.get("plan_digest"): path for path, each in zip(run_paths, manifests, strict=True)
             if not each["perturbations"]}  # fmt: skip
    baseline = read_run(run_paths[0])
    found = [_run(baseline, None, plain)]
    found += [_run(read_run(path), baseline, plain) for path in run_paths[1:]]
    return {
        "format": 1,
        "generated_utc": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "baseline": baseline.name,
        "same_plan_note": _difference(manifests),
        "runs": found,
    }


def _run(run: Run, baseline: Run | None, plain: Mapping[str | None, Path]) -> dict[str, Any]:
    """One run's findings; `plain` are the runs with nothing in force, by their plan's digest."""
    found = _judged(run)
    visits = run.window_stays
    turned_away = visits.only(visits.among("persona", run.deferred) & visits.where(end="shed"))
    seconds = timeline(run)
    return {
        **{name: run.manifest.get(name) for name in COPIED},
        "personas": [each.as_json() for each in of_manifest(run.manifest).values()],
        "title": run.manifest.get("title") or {"fr": run.name, "en": run.name},
        "path": run.path.name,
        "phase": run.window["name"],
        "window_seconds": run.window_seconds,
        "end": (run.finish or {}).get("end", ""),
        "notes": run.notes,
        "verdict": found.verdict,
        "exit_code": found.exit_code,
        "sentence": found.sentence,
        "reasons": found.reasons,
        "refused": found.refused,
        "in_progress": {"read_s": run.seconds_read, "end_s": run.manifest["phases"][-1]["end_s"]}
        if run.in_progress
        else None,
        "pages_per_second": _pages_per_second(run, seconds),
        "deferred_visits": turned_away.count_by("persona"),
        "continuity": continuity(run),
        "figures": figures(run, baseline),
        "retries": retries(run),
        "matrix": matrix(run, baseline),
        "objectives": [each.as_json() for each in found.objectives],
        "validity": [light.as_json() for light in found.lights],
        "perturbations": perturbations(run),
        "recovery": [asdict(each) for each in recoveries(run, run.tally.seconds, kinds=("fault", "measure"))],
        "timeline": seconds,
        "percentiles": percentiles(run),
        "transport": transport(run),
        "target_series": target_series(run),
        "effects": effects(run, plain.get(run.manifest.get("plan_digest"))),
        "failures": _failures(run),
        "signatures": len((run.finish or {}).get("signatures", {})),
    }


def _pages_per_second(run: Run, seconds: Mapping[str, Any]) -> dict[str, float]:
    """Pages planned, and served in the end; of a run that goes on, offered and served up to where it is read."""
    if not run.window_seconds:
        return {"planned": 0.0, "ok": 0.0}
    if run.in_progress:
        begin, end = int(run.window["start_s"]), int(min(run.seconds_read, run.window["end_s"]))
        span = max(1, end - begin)
        offered, ok = (sum(seconds[name][begin:end]) for name in ("offered_pages", "ok"))
        return {"planned": offered / span, "ok": ok / span}
    planned = sum(of["page_views"] for of in run.manifest["planned"].values())
    return {"planned": planned / run.window_seconds, "ok": int(run.window_stays["ok"].sum()) / run.window_seconds}


def _judged(run: Run) -> Verdict:
    """The verdict; objectives that cannot be read are noted and leave the rest of the report standing."""
    try:
        return judge(run)
    except UsageError as error:
        run.notes.extend(str(error).splitlines())
        return judge(replace(run, manifest=run.manifest | {"objectives": []}))


def _failures(run: Run) -> list[dict[str, Any]]:
    """One example per signature, with how often it occurred, the most frequent first."""
    totals = (run.finish or {}).get("signatures", {})
    first: dict[str, dict[str, Any]] = {}
    for each in run.failures:
        if "signature" not in each:
            continue
        known = first.setdefault(each["signature"], dict(each))
        known["count"] = max(totals.get(each["signature"], 0), each.get("count", 1), known["count"])
    ordered = sorted(first.values(), key=lambda each: -each["count"])
    return ordered[:EXAMPLES]


def _difference(manifests: list[Manifest]) -> dict[str, str] | None:
    """What differs between the plans beyond the published figures, if anything does."""
    first = manifests[0]
    different = [
        name
        for name in ("scale", "compression", "window", "seed", "population")
        if any(each.get(name) != first.get(name) for each in manifests[1:])
    ]
    shapes = {tuple(_shape(each)) for each in manifests}
    different += ["shape"] if len(shapes) > 1 else []
    if not different:
        return None
    names = ", ".join(different)
    return {
        "fr": f"Ces tirs ne suivent pas le même plan : ils diffèrent par {names}.",
        "en": f"These runs do not follow the same plan: they differ in {names}.",
    }


def _shape(manifest: Manifest) -> list[str]:
    files = manifest.get("content") or []
    return sorted(each["sha256"] for each in files if each["kind"] in ("shapes", "personas"))
