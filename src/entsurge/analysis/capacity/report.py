"""What the steps say together: the boundary in pages and visits per second, models that must agree, what saturates.

Every rate that comes out is at scale 1 and in the day's own time (carried.py); models are fitted to what was measured.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from entsurge.analysis.capacity import queueing, usl, whatif
from entsurge.analysis.capacity.boundary import boundary, disagree, enough
from entsurge.analysis.capacity.carried import Carried, multiplied
from entsurge.analysis.capacity.steady import steady
from entsurge.analysis.capacity.utilisation import resources_of
from entsurge.errors import UsageError
from entsurge.findings.capacity import (
    AtThePlatform,
    CapacityReport,
    CarriedOver,
    Check,
    Interval,
    RequiredObjective,
    WhatIf,
)
from entsurge.plan.summary import window_load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.analysis.capacity.search import Progress
    from entsurge.analysis.capacity.step import Step
    from entsurge.audience.profile import Profile
    from entsurge.findings.capacity import Asked, Boundary, Fit, Note
    from entsurge.findings.search import Search

FEW = 6
REFUSED_AT_MOST = 0.01  # of the pages planned, in steps that were held: more is said beside the number
ASSUMPTION = "production takes `factor` times what the platform takes"


def capacity_report(
    search: Search, progress: Progress, profile: Profile, *, asked: Asked, what_if: bool = False
) -> CapacityReport:
    """Everything that a search's steps support of this profile, which is at the search's own scale and compression.

    With `what_if` the week's demand is set against it, with the nodes and schools of `asked`. Raises UsageError when
    there is no step, and for a resource that is not written as one.
    """
    steps, load = progress.steps, window_load(profile)
    found = boundary(steps)
    if found is None:
        raise UsageError("no step can be used", hint="steps whose measurement broke say nothing of the target")
    carried = Carried(Fraction(search.scale), Fraction(search.compression))
    over = _carried_over(carried, _measured(steps, found, load))
    law, missing = _law(steps)
    servers = _servers(steps)
    in_force = {name for step in steps for name in step.in_force}
    return CapacityReport(
        search=search,
        stop=progress.stop,
        remarks=progress.notes,
        ceiling=progress.ceiling,
        generator=[step.ceiling for step in progress.ceilings if step.ceiling],
        offered=progress.offered,
        boundary=found,
        enough=enough(found),
        steps=[carried.step(step) for step in steps],
        pages_per_second=multiplied(over.at_the_platform.pages_per_second, over.factor),
        visits_per_second=multiplied(over.at_the_platform.visits_per_second, over.factor),
        binding=_binding(steps, found.value),
        law=carried.law(law) if law else None,
        law_missing=missing,
        servers=servers,
        checks=_checks(steps, servers),
        resources=[carried.resource(each) for each in resources_of(search.resources, steps)],
        not_served=max((step.not_served for step in steps if step.held), default=0.0),
        judged=sorted({name for step in steps for name in step.worst}),
        unjudged=sorted({name for step in steps for name in step.unjudged}),
        notes=_notes(steps, found),
        need_pages_per_second=carried.full(over.at_the_platform.need_pages_per_second),
        carried_over=over,
        mix=_mix(load),
        in_force=sorted(in_force),
        not_in_force=sorted(set(profile.measures) - in_force),
        what_if=_what_if(profile, found, asked) if what_if else None,
        asked=asked,
        title={"fr": profile.file.title["fr"], "en": profile.file.title["en"]},
        window=profile.file.window.model_dump(by_alias=True),
        personas=[replace(each, scenario="") for each in profile.personas.values()],
        objectives=[
            RequiredObjective(each.persona, each.service, each.phase, each.must)
            for each in profile.file.objective
            if each.required
        ],
    )


def _measured(steps: Sequence[Step], found: Boundary, load: Mapping[str, Any]) -> AtThePlatform:
    """Pages and visits per second at the boundary, from what the steps drew; `load`: what the window asks for."""
    ends = Interval(found.value, found.low, found.high)
    rates = sum(step.rate for step in steps)
    return AtThePlatform(
        pages_per_second=multiplied(ends, sum(step.offered_pages for step in steps) / rates),
        visits_per_second=multiplied(ends, sum(step.offered_visits for step in steps) / rates),
        need_pages_per_second=float(load["total"]["pages_per_second"]),
    )


def _carried_over(carried: Carried, measured: AtThePlatform) -> CarriedOver:
    """What was measured × the factor, which is an assumption."""
    return CarriedOver(
        scale=str(carried.share),
        compression=str(carried.compression),
        factor=float(carried.factor),
        at_the_platform=measured,
        assumption=None if carried.nothing else ASSUMPTION,
    )


def _mix(load: Mapping[str, Any]) -> dict[str, float]:
    """The share of the window's page views that each persona has, from 0 to 1."""
    return {
        name: of["pages_per_second"] / load["total"]["pages_per_second"]
        for name, of in load["personas"].items()
        if of["pages_per_second"]
    }


def _binding(steps: Sequence[Step], value: float) -> str:
    """The objective that was worst in the missed step closest to the boundary."""
    missed = [step for step in steps if not step.held]
    return min(missed, key=lambda step: abs(math.log(step.rate / value))).binding if missed else ""


def _law(steps: Sequence[Step]) -> tuple[Fit | None, str]:
    """The scalability law of these steps, or why there is none."""
    known = [step for step in steps if step.served_pages > 0 and step.inside > 0]
    try:
        return usl.fit([step.inside for step in known], [step.served_pages for step in known]), ""
    except (UsageError, RuntimeError) as error:
        return None, str(error)


def _servers(steps: Sequence[Step]) -> int | None:
    """How many pages the target seems to serve at once: most served × the time of a page when hardly loaded."""
    known = [step for step in steps if step.served_pages > 0]
    if len(known) < 2:
        return None
    quiet = min(known, key=lambda step: step.rate)
    return max(1, round(max(step.served_pages for step in known) * quiet.page_seconds))


def _checks(steps: Sequence[Step], servers: int | None) -> list[Check]:
    """Each step against M/M/c of as many servers, by its rate."""
    if servers is None:
        return []
    quiet = min(steps, key=lambda step: step.rate).page_seconds
    found = []
    for step in sorted(steps, key=lambda step: step.rate):
        mmc = queueing.mmc_mean_seconds(servers, step.served_pages, quiet) if quiet else math.inf
        found.append(Check(step.rate, step.page_seconds, mmc if math.isfinite(mmc) else None, step.little))
    return found


def _notes(steps: Sequence[Step], found: Boundary) -> list[Note]:
    """What a reader must know before believing the number: codes, worded by the reader's language."""
    held = [step for step in steps if step.held]
    known: dict[Note, bool] = {
        "few-steps": len(steps) < FEW,
        "never-missed": found.how == "at-least",
        "never-held": found.how == "at-most",
        "bracket-only": found.how == "bracket",
        "not-monotone": disagree(steps),
        "not-steady": any(not steady(step.steadiness) for step in held),
        "not-served": any(step.not_served > REFUSED_AT_MOST for step in held),
        "unjudged": any(step.unjudged for step in steps),
        "comebacks": any(step.comebacks for step in steps),
    }
    return [name for name, said in known.items() if said]


def _what_if(profile: Profile, found: Boundary, asked: Asked) -> WhatIf:
    """The week's demand against the boundary."""
    capacity = Interval(found.value, found.low, found.high)
    return WhatIf(
        cases=whatif.answers(profile, capacity, nodes=asked.nodes, schools=asked.schools),
        surges=whatif.surges(profile, capacity),
    )
