"""Everything that a report says; rendering adds words and shapes, no figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from entsurge.analysis.brief import advised
from entsurge.analysis.continuity import continuity
from entsurge.analysis.degradation import matrix
from entsurge.analysis.devices import devices
from entsurge.analysis.effects import effects
from entsurge.analysis.figures import figures
from entsurge.analysis.percentiles import percentiles
from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.recovery import recoveries
from entsurge.analysis.retries import retries
from entsurge.analysis.target import target_series
from entsurge.analysis.timeline import timeline
from entsurge.analysis.transport import transport
from entsurge.analysis.verdict import judge
from entsurge.audience.persona import of_manifest
from entsurge.errors import UsageError
from entsurge.findings.report import FailureExample, InProgress, PageRate, Report, RunFindings
from entsurge.findings.statement import Statement
from entsurge.findings.statement import listed as as_list
from entsurge.record.reading.documents import read_manifest
from entsurge.record.reading.run import Run, read_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from entsurge.findings.course import Timeline
    from entsurge.findings.verdict import Verdict
    from entsurge.record.reading.shapes import Failure, Manifest

EXAMPLES = 40


def report(run_paths: Sequence[Path], *, now: datetime | None = None) -> Report:
    """The findings on these runs; the first is the baseline. Raises UsageError for what is no run directory.

    No more than two runs are held at once. `now` is when the report is made.
    """
    manifests = [read_manifest(path) for path in run_paths]
    plain = {each.get("plan_digest"): path for path, each in zip(run_paths, manifests, strict=True)
             if not each["perturbations"]}  # fmt: skip
    baseline = read_run(run_paths[0])
    found = [_run(baseline, None, plain)]
    found += [_run(read_run(path), baseline, plain) for path in run_paths[1:]]
    return Report(
        generated_utc=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        baseline=baseline.name,
        same_plan_note=_difference(manifests),
        runs=found,
    )


def findings_of(run: Run) -> RunFindings:
    """The findings on a run that is read already, beside no other."""
    return _run(run, None, {})


def _run(run: Run, baseline: Run | None, plain: Mapping[str | None, Path]) -> RunFindings:
    """One run's findings; `plain` are the runs with nothing in force, by their plan's digest."""
    found, told = _judged(run), run.manifest
    visits = run.window_stays
    turned_away = visits.only(visits.among("persona", run.deferred) & visits.where(end="shed"))
    seconds = timeline(run)
    return RunFindings(
        name=told["name"],
        profile=told["profile"],
        target=told["target"],
        scale=told["scale"],
        compression=told["compression"],
        window=told.get("window") or {},
        started_utc=told.get("started_utc", ""),
        seed=told.get("seed"),
        plan_digest=told.get("plan_digest", ""),
        versions=told.get("versions") or {},
        content=told.get("content") or [],
        scrape=told.get("scrape") or [],
        control_share=told.get("control_share"),
        edge_of=told.get("edge_of", ""),
        personas=list(of_manifest(told).values()),
        title=told.get("title") or {"fr": run.name, "en": run.name},
        path=run.path.name,
        phase=str(run.window["name"]),
        window_seconds=run.window_seconds,
        end=(run.finish or {}).get("end", ""),
        notes=run.notes,
        verdict=found.verdict,
        exit_code=found.exit_code,
        sentences=found.sentences,
        reasons=found.reasons,
        refused=found.refused,
        in_progress=InProgress(run.seconds_read, told["phases"][-1]["end_s"]) if run.in_progress else None,
        pages_per_second=_page_rate(run, seconds),
        deferred_visits=turned_away.count_by("persona"),
        continuity=continuity(run),
        figures=figures(run, baseline),
        retries=retries(run),
        matrix=matrix(run, baseline),
        objectives=found.objectives,
        validity=found.lights,
        perturbations=perturbations(run),
        recovery=recoveries(run, run.tally.seconds, kinds=("fault", "measure")),
        timeline=seconds,
        percentiles=percentiles(run),
        transport=transport(run),
        target_series=target_series(run),
        effects=effects(run, plain.get(told.get("plan_digest"))),
        failures=_failures(run),
        signatures=len((run.finish or {}).get("signatures", {})),
        advice=[] if run.in_progress else advised(run, found),
        simulated=run.simulated,
        devices=devices(run),
    )


def _page_rate(run: Run, seconds: Timeline) -> PageRate:
    """Pages planned, and served in the end; of a run that goes on, offered and served up to where it is read."""
    if not run.window_seconds:
        return PageRate(0.0, 0.0)
    if run.in_progress:
        begin, end = int(run.window["start_s"]), int(min(run.seconds_read, run.window["end_s"]))
        span = max(1, end - begin)
        return PageRate(sum(seconds.offered_pages[begin:end]) / span, sum(seconds.ok[begin:end]) / span)
    planned = sum(of["page_views"] for of in run.manifest["planned"].values())
    return PageRate(planned / run.window_seconds, int(run.window_stays["ok"].sum()) / run.window_seconds)


def _judged(run: Run) -> Verdict:
    """The verdict; objectives that cannot be read are noted and leave the rest of the report standing."""
    try:
        return judge(run)
    except UsageError as error:
        run.notes.extend(str(error).splitlines())
        return judge(replace(run, manifest=run.manifest | {"objectives": []}))


def _failures(run: Run) -> list[FailureExample]:
    """One example per signature, with how often it occurred, the most frequent first."""
    totals = (run.finish or {}).get("signatures", {})
    first: dict[str, FailureExample] = {}
    for each in run.failures:
        known = first.setdefault(each["signature"], _example(each))
        count = max(totals.get(known.signature, 0), each.get("count", 1), known.count)
        first[known.signature] = replace(known, count=count)
    return sorted(first.values(), key=lambda each: -each.count)[:EXAMPLES]


def _example(of: Failure) -> FailureExample:
    return FailureExample(
        of["signature"], of.get("count", 1), of.get("outcome", ""), of.get("request") or {}, of.get("response") or {},
        of.get("traceback") or "", of.get("persona", ""), of.get("service", ""), of.get("page", ""), of.get("t"),
    )  # fmt: skip


def _difference(manifests: list[Manifest]) -> Statement | None:
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
    return Statement("other-plan", {"names": as_list([Statement(f"differs.{name}") for name in different])})


def _shape(manifest: Manifest) -> list[str]:
    files = manifest.get("content") or []
    return sorted(each["sha256"] for each in files if each["kind"] in ("shapes", "personas"))
