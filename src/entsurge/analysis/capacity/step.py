"""One step of a search: a run directory read for what was offered, what was served, how far from its bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.analysis import frames
from entsurge.analysis.capacity.steady import steadiness, steady
from entsurge.analysis.objectives import judge_objectives
from entsurge.analysis.validity import broken, lights
from entsurge.audience.objective import parse_objective
from entsurge.findings.statement import listed as as_list
from entsurge.record.histogram import upper_ends
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from entsurge.findings.search import Steadiness
    from entsurge.findings.statement import Statement
    from entsurge.findings.verdict import Finding
    from entsurge.record.reading.run import Run

LEAST_ALLOWED = 0.002  # a share that is allowed to be smaller than this is treated as this
BROKE_OFF = 1.0  # the margin of a step that a guard ended, or in which the target stopped answering
ENDED = {"guard": "a guard ended it", "unreachable": "the target stopped answering"}
STILL_RISING = 0.25  # the margin of a step that kept its objectives while its queue was still growing


@dataclass(frozen=True)
class Step:
    """What one step showed, as measured. Rates are per second of run time, at the target.

    `rate` is what was drawn, as a multiple of what the profile's own window is expected to ask for: chance makes a step
    of a few hundred visits some percent heavier or lighter than the rate asked for, and it is judged by what it was.
    `margin` is below 0 when every required objective was kept:
    ln(value ÷ bound) of a time, ln((share + b/2) ÷ 1.5b) of a share with bound b. `binding` names the objective that
    was closest to its bound, or furthest over it. `ceiling` says why its run is not to be believed (the generator gave
    out, an edge refused it, a measure was never in force), if so; such a step says nothing of the target. `inside` is
    the mean number of pages being served (Little: served × seconds). `not_served` is the share of the pages planned
    that were refused, failed or given up; `unjudged` names required objectives without any page to judge them by;
    `in_force` are the perturbations of the run; `comebacks` how many visits came back.
    """

    name: str
    path: str
    rate: float
    offered_pages: float
    offered_visits: float
    served_pages: float
    page_seconds: float
    margin: float
    binding: str
    steadiness: Steadiness
    ceiling: Statement | None = None
    little: float | None = None
    used: float = 0.0
    worst: dict[str, float] = field(default_factory=dict)
    hold_seconds: float = 0.0
    warm_up_seconds: float = 0.0
    not_served: float = 0.0
    unjudged: tuple[str, ...] = ()
    in_force: tuple[str, ...] = ()
    comebacks: int = 0

    @property
    def held(self) -> bool:
        """Whether the objectives were kept, steadily."""
        return self.margin <= 0

    @property
    def inside(self) -> float:
        """Pages being served at the same time, on average."""
        return self.served_pages * self.page_seconds


def read_step(path: Path, unit: float) -> Step:
    """The step in a run directory; `unit`: pages per second, of run time, that a rate of 1 stands for.

    Raises UsageError for what is no run directory, or a run without any required objective that can be judged.
    """
    run = read_run(path)
    findings = judge_objectives(run)
    margins = {named(each): margin(each) for each in findings if each.required and each.value is not None}
    binding = max(margins, key=lambda name: margins[name], default="")
    worst = margins.get(binding, -math.inf)
    known = steadiness(_seconds(run))
    if worst <= 0 and not steady(known):
        worst, binding = STILL_RISING, "its queue was still growing when it ended"
    end, ceiling = (run.finish or {}).get("end", ""), _not_believed(run)
    if end in ENDED:
        worst, binding, ceiling = max(worst, BROKE_OFF), ENDED[end], None
    served, seconds = _served(run)
    planned = run.manifest["planned"].values()
    offered = sum(of["page_views"] for of in planned) / run.window_seconds
    return Step(
        name=path.name,
        path=str(path),
        rate=offered / unit,
        offered_pages=offered,
        offered_visits=sum(of["visits"] for of in planned) / run.window_seconds,
        served_pages=served,
        page_seconds=seconds,
        margin=worst if margins or end in ENDED else math.nan,
        binding=binding,
        steadiness=known,
        ceiling=ceiling,
        little=_residual(run),
        worst=margins,
        hold_seconds=run.window_seconds,
        warm_up_seconds=float(run.window["start_s"]),
        not_served=_not_served(run),
        unjudged=tuple(sorted(_required(run, findings) - margins.keys())),
        in_force=tuple(sorted(str(each["id"]) for each in run.manifest["perturbations"])),
        comebacks=sum(((run.finish or {}).get("retries") or {}).get("started", {}).values()),
    )


def _residual(run: Run) -> float | None:
    little = (run.finish or {}).get("little")
    return little["residual"] if little else None


def named(finding: Finding) -> str:
    """An objective for one persona, in a word: `student * p95 < 1600ms`."""
    return f"{finding.persona} {finding.service} {finding.must}"


def _not_believed(run: Run) -> Statement | None:
    """Why the run says nothing of the target; None where it does."""
    found = [light.said for light in broken(lights(run))]
    return as_list(found) if found else None


def _not_served(run: Run) -> float:
    """The share of the pages planned in the window that were never served."""
    visits = run.window_stays
    planned = int(visits["planned"].sum())
    return 1 - int(visits["ok"].sum()) / planned if planned else 0.0


def _required(run: Run, findings: list[Finding]) -> set[str]:
    """The objectives that the profile requires, those that a measure put off included."""
    ids = {each["id"] for each in run.manifest["objectives"] if each.get("required", True)}
    return {named(each) for each in findings if each.id in ids}


def margin(finding: Finding) -> float:
    """How far a judged objective lies from its bound: below 0 kept, above 0 missed, 0 at the bound."""
    must, value = parse_objective(finding.must), finding.value or 0.0
    if finding.unit == "s":
        return math.log(max(value, 1e-6) / must.bound)
    share, allowed = (value, must.bound) if must.comparison in ("<", "<=") else (1 - value, 1 - must.bound)
    allowed = max(allowed, LEAST_ALLOWED)
    return math.log((share + allowed / 2) / (1.5 * allowed))


def _window(run: Run) -> pd.DataFrame:
    """Served pages that ended inside the window, by service time; sign-on left out."""
    pages = frames.pages(run)
    begin, end = run.window["start_s"], run.window["end_s"]
    inside: pd.DataFrame = pages[
        (pages["timing"] == "service") & (pages["outcome"] == "ok") & (pages["service"] != "sign-on")
        & (pages["second"] >= begin) & (pages["second"] < end)
    ]  # fmt: skip
    return inside


def _served(run: Run) -> tuple[float, float]:
    """Pages served per second of the window, and their mean service time in seconds."""
    pages = _window(run)
    count = int(pages["count"].sum())
    if not count:
        return 0.0, 0.0
    total = float((upper_ends(pages["bucket"].to_numpy(np.int64)) * pages["count"].to_numpy()).sum()) / 1e6
    return count / run.window_seconds, total / count


def _seconds(run: Run) -> list[float]:
    """The mean service time of the pages that ended in each second of the window."""
    pages = _window(run)
    if pages.empty:
        return []
    sums: Any = pages.assign(us=upper_ends(pages["bucket"].to_numpy(np.int64)) * pages["count"].to_numpy())
    by_second = sums.groupby("second")[["us", "count"]].sum()
    return [float(us) / float(count) / 1e6 for us, count in by_second.itertuples(index=False)]
