"""One page for the crisis committee: what held, what did not and for whom, what was tried, what is advised."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from entsurge.analysis.advice import advise
from entsurge.analysis.continuity import continuity
from entsurge.analysis.degradation import matrix
from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.verdict import judge
from entsurge.audience.objective import parse_objective
from entsurge.audience.persona import of_manifest
from entsurge.findings.brief import Beside, Brief, BriefFigures, PersonaServed, Tried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.findings.brief import Advice
    from entsurge.findings.perturbation import Perturbation
    from entsurge.findings.verdict import Finding, Verdict
    from entsurge.record.reading.run import Run

WELL = 95.0
SAME_DAY = ("profile", "scale", "compression", "window")


def brief(run: Run, without: Run | None = None) -> Brief:
    """The brief of one run; `without` is a run of the same day with fewer measures, for what they bought."""
    found, tried, work = judge(run), perturbations(run), continuity(run)
    figures = _judged_figures(run, found, tried)
    kept, lost, unsure = _by_persona(run, _asked(found))
    names = [each.id for each in tried]
    told = run.manifest
    return Brief(
        name=run.name,
        title=told.get("title") or {"fr": run.name, "en": run.name},
        target=told["target"].get("name") or told["target"].get("url", ""),
        scale=told["scale"],
        compression=told["compression"],
        window=told.get("window") or {},
        started_utc=told.get("started_utc", ""),
        personas=list(of_manifest(told).values()),
        verdict=found.verdict,
        reason=found.reasons[0] if found.verdict in ("INVALID", "INCONCLUSIVE") and found.reasons else None,
        figures=figures,
        held=kept,
        lost=lost,
        unsure=unsure,
        deferred=sorted(run.deferred),
        tried=[Tried(each.id, each.kind, each.title, each.defers) for each in tried],
        without=None if without is None else _beside(without, set(names)),
        schools_cut_off=work.schools_cut_off,
        others=work.others,
        advice=advise(asdict(figures), names),
        teachers=_sentence_for_teachers(found.verdict, run, lost),
        notes=run.notes,
        simulated=run.simulated,
    )


def advised(run: Run, found: Verdict) -> list[Advice]:
    """What is advised after a run that was judged so, the most pressing first."""
    tried = perturbations(run)
    return advise(asdict(_judged_figures(run, found, tried)), [each.id for each in tried])


def _asked(found: Verdict) -> list[Finding]:
    return [each for each in found.objectives if each.required]


def _judged_figures(run: Run, found: Verdict, tried: Sequence[Perturbation]) -> BriefFigures:
    """What the rules look at, with what the verdict adds to it."""
    asked = _asked(found)
    return replace(
        _figures(run),
        invalid=float(found.verdict == "INVALID"),
        inconclusive=float(_larger_would_tell(found)),
        passed=float(found.verdict == "PASS"),
        missed=float(sum(each.state == "missed" for each in asked)),
        slowness=_slowness(asked),
        measures=float(sum(each.kind == "measure" for each in tried)),
    )


def _larger_would_tell(found: Verdict) -> bool:
    """Whether a longer run, or a larger one, would tell what this one does not."""
    return found.verdict == "INCONCLUSIVE" and any(each.required and each.needed for each in found.objectives)


def _beside(without: Run, mine: set[str]) -> Beside:
    """The other run: its folder, what was in force there and not here, its figures."""
    others = [each["title"] for each in without.manifest["perturbations"] if each["id"] not in mine]
    return Beside(without.name, without.path.name, others, _figures(without))


def run_without(run: Run, others: Sequence[Run]) -> Run | None:
    """Of these runs, one of the same day with fewer perturbations: the fewest; None if there is none."""
    mine = {each["id"] for each in run.manifest["perturbations"]}
    same = [
        each
        for each in others
        if all(each.manifest.get(name) == run.manifest.get(name) for name in SAME_DAY)
        and {one["id"] for one in each.manifest["perturbations"]} < mine
    ]
    return min(same, key=lambda each: len(each.manifest["perturbations"]), default=None)


def _figures(run: Run) -> BriefFigures:
    """What the rules look at and what is compared, over the visits due in the judged window."""
    came, continuous = run.window_stays, continuity(run)
    cells = matrix(run, None)
    by_service = {
        (persona, service): cell
        for persona, row in cells.cells.items()
        for service, cell in row.items()
        if service != "sign-on"
    }
    planned, ok, shed, failed = (int(came[name].sum()) for name in ("planned", "ok", "shed", "failed"))
    kept = came.only(~came.among("persona", run.deferred))
    sign_ons = kept.count_by("sign_on")
    turned_away = came.only(came.among("persona", run.deferred) & came.where(end="shed"))

    def part(*, personas: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> float | None:
        chosen = sum(cell.planned for (who, what), cell in by_service.items() if who in personas or what in services)
        return _percent(chosen, planned)

    kept_planned, kept_ok = int(kept["planned"].sum()), int(kept["ok"].sum())
    answered = {name: count for name, count in sign_ons.items() if name in ("ok", "shed", "failed")}
    return BriefFigures(
        pupils_read=continuous.students.per_100,
        teachers_published=continuous.teachers.per_100,
        schools_cut_off=float(continuous.schools_cut_off.count),
        served_percent=_percent(ok, planned),
        served_kept_percent=_percent(kept_ok, kept_planned),
        unserved_percent=_percent(planned - ok, planned),
        unserved_kept_percent=_percent(kept_planned - kept_ok, kept_planned),
        failed_percent=_percent(failed, planned),
        refused_of_unserved_percent=_percent(shed, planned - ok),
        sign_on_lost_percent=_percent(sum(answered.values()) - answered.get("ok", 0), sum(answered.values())),
        parents_and_staff_percent=part(personas=("parent", "staff")),
        home_percent=part(services=("home",)),
        news_percent=part(services=("news",)),
        messages_percent=part(services=("messages",)),
        deferred_visits=float(len(turned_away)),
        inversions=float(len(cells.inversions)),
        pupils_wait_s=run.tally.times(
            timing="corrected", persona="student", phase=str(run.window["name"])
        ).quantile_seconds(95.0),
    )


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def _slowness(asked: Sequence[Finding]) -> float | None:
    """The worst latency of a required objective, as a multiple of what is owed."""
    ratios = [
        each.value / parse_objective(each.must).bound for each in asked if each.unit == "s" and each.value is not None
    ]
    return max(ratios, default=None)


def _by_persona(
    run: Run, asked: Sequence[Finding]
) -> tuple[list[PersonaServed], list[PersonaServed], list[PersonaServed]]:
    """Personas whose required objectives are all kept; who missed one, with where; of whom too little is known."""
    cells = matrix(run, None).cells
    kept: list[PersonaServed] = []
    lost: list[PersonaServed] = []
    unsure: list[PersonaServed] = []
    for persona in dict.fromkeys(each.persona for each in asked):
        mine = [each for each in asked if each.persona == persona]
        row = cells.get(persona, {})
        pages = [cell for service, cell in row.items() if service != "sign-on"]
        told = PersonaServed(
            persona,
            _percent(sum(cell.ok for cell in pages), sum(cell.planned for cell in pages)),
            mine,
            [name for name, cell in row.items() if (cell.served_percent or 100.0) < WELL],
        )
        states = {each.state for each in mine}
        (lost if "missed" in states else kept if states == {"met"} else unsure).append(told)
    return kept, lost, unsure


def _sentence_for_teachers(verdict: str, run: Run, lost: Sequence[PersonaServed]) -> str:
    """Which of the sentences of reports/brief.*.toml schools may send to their teachers."""
    if verdict in ("INVALID", "INCONCLUSIVE"):
        return "unknown"
    if verdict == "FAIL":
        whom = {each.persona for each in lost}
        return "hard" if whom & {"student", "teacher"} else "hard_for_others"
    return "held_with_measures" if run.deferred else "held"
