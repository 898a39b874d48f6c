"""What the steps say together: the boundary in pages and visits per second, models that must agree, what saturates.

Every rate that comes out is at scale 1 and in the day's own time (carried.py); models are fitted to what was measured.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from entsurge.analysis.capacity import queueing, usl
from entsurge.analysis.capacity.boundary import boundary, disagree
from entsurge.analysis.capacity.carried import Carried
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.analysis.capacity.boundary import Boundary
    from entsurge.analysis.capacity.step import Step
    from entsurge.analysis.capacity.utilisation import Resource

AS_MEASURED = Carried()
FEW = 6
REFUSED_AT_MOST = 0.01  # of the pages planned, in steps that were held: more is said beside the number


@dataclass(frozen=True)
class Assessment:
    """The capacity: multiples of the plan's window, and the same in pages and visits per second.

    `pages_per_second` and `visits_per_second` are value, low and high at scale 1 and in the day's own time; so is what
    `law` and `resources` say, and the `steps`; `measured_pages` and `measured_visits` are the same two at the platform
    that was loaded. `servers` is of that platform. `not_served` is the largest share of the pages planned that a step
    which was held did not serve; `judged` and `unjudged` name the required objectives that steps were judged by, and
    those that some step had no page for.
    """

    boundary: Boundary
    enough: str
    steps: list[Step]
    pages_per_second: tuple[float, float, float]
    visits_per_second: tuple[float, float, float]
    measured_pages: tuple[float, float, float]
    measured_visits: tuple[float, float, float]
    binding: str
    law: usl.Fit | None
    law_missing: str
    servers: int | None
    checks: list[dict[str, float]]
    resources: list[Resource]
    not_served: float
    judged: list[str]
    unjudged: list[str]
    notes: list[str]

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is infinite or unknown is null."""
        found: dict[str, Any] = plain(self)
        found["steps"] = [
            plain(step)
            | {"held": step.held, "steady": step.steadiness.steady, "inside": step.served_pages * step.page_seconds}
            for step in self.steps
        ]
        return found


def assess(steps: Sequence[Step], resources: Sequence[Resource] = (), carried: Carried = AS_MEASURED) -> Assessment:
    """Everything that these steps, as measured, support. Raises UsageError when there is none."""
    usable = [step for step in steps if not step.ceiling]
    found = boundary(usable)
    if found is None:
        raise UsageError("no step can be used", hint="steps whose measurement broke say nothing of the target")
    pages, visits = _per_rate(usable)
    law, missing = _law(usable)
    servers = _servers(usable)
    ends = (found.value, found.low, found.high)
    measured_pages = (ends[0] * pages, ends[1] * pages, ends[2] * pages)
    measured_visits = (ends[0] * visits, ends[1] * visits, ends[2] * visits)
    return Assessment(
        boundary=found,
        enough=found.enough(),
        steps=[carried.step(step) for step in usable],
        pages_per_second=_full(carried, measured_pages),
        visits_per_second=_full(carried, measured_visits),
        measured_pages=measured_pages,
        measured_visits=measured_visits,
        binding=_binding(usable, found.value),
        law=carried.law(law) if law else None,
        law_missing=missing,
        servers=servers,
        checks=_checks(usable, servers),
        resources=[carried.resource(each) for each in sorted(resources, key=lambda each: each.saturates_at)],
        not_served=max((step.not_served for step in usable if step.held), default=0.0),
        judged=sorted({name for step in usable for name in step.worst}),
        unjudged=sorted({name for step in usable for name in step.unjudged}),
        notes=list(_notes(usable, found)),
    )


def _full(carried: Carried, rates: tuple[float, float, float]) -> tuple[float, float, float]:
    return carried.full(rates[0]), carried.full(rates[1]), carried.full(rates[2])


def _per_rate(steps: Sequence[Step]) -> tuple[float, float]:
    """Pages and visits per second of a rate of 1: by the definition of the steps' rate, and from what they drew."""
    rates = sum(step.rate for step in steps)
    return sum(step.offered_pages for step in steps) / rates, sum(step.offered_visits for step in steps) / rates


def _binding(steps: Sequence[Step], value: float) -> str:
    """The objective that was worst in the missed step closest to the boundary."""
    missed = [step for step in steps if not step.held]
    return min(missed, key=lambda step: abs(math.log(step.rate / value))).binding if missed else ""


def _law(steps: Sequence[Step]) -> tuple[usl.Fit | None, str]:
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


def _checks(steps: Sequence[Step], servers: int | None) -> list[dict[str, float]]:
    """Per step: measured mean time of a page against M/M/c of as many servers, and Little's residual of the run."""
    if servers is None:
        return []
    quiet = min(steps, key=lambda step: step.rate).page_seconds
    return [
        {
            "rate": step.rate,
            "page_seconds": step.page_seconds,
            "mmc_seconds": queueing.mmc_mean_seconds(servers, step.served_pages, quiet) if quiet else math.nan,
            "little_residual": math.nan if step.little is None else step.little,
        }
        for step in sorted(steps, key=lambda step: step.rate)
    ]


def _notes(steps: Sequence[Step], found: Boundary) -> Iterator[str]:
    """What a reader must know before believing the number: codes, worded by the reader's language."""
    held = [step for step in steps if step.held]
    known = {
        "few-steps": len(steps) < FEW,
        "never-missed": found.how == "at-least",
        "never-held": found.how == "at-most",
        "bracket-only": found.how == "bracket",
        "not-monotone": disagree(steps),
        "not-steady": any(not step.steadiness.steady for step in held),
        "not-served": any(step.not_served > REFUSED_AT_MOST for step in held),
        "unjudged": any(step.unjudged for step in steps),
        "comebacks": any(step.comebacks for step in steps),
    }
    yield from (name for name, said in known.items() if said)


def plain(value: Any) -> Any:
    """Dataclasses as dictionaries, tuples as lists, what is infinite or not a number as None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
