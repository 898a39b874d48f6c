"""Judges objectives: met, missed, not enough data, deferred by a measure, or not judged for want of a baseline.

Met: the one-sided 95 % limit keeps the objective. Missed: the estimate itself breaks it and there is enough data, or
the other limit proves it. Anything between says "not enough data", never "pass".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from entsurge.analysis import proportion
from entsurge.analysis.recovery import recoveries
from entsurge.analysis.words import SERVICES
from entsurge.audience.objective import Must, parse_objective
from entsurge.audience.persona import of_manifest
from entsurge.errors import UsageError
from entsurge.findings.verdict import Finding
from entsurge.record.schema import PAGE_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.findings.verdict import State, Unit
    from entsurge.record.reading.hdr import Times
    from entsurge.record.reading.run import Run
    from entsurge.record.reading.tally import Tally

UNITS: dict[str, Unit] = {
    "latency": "s", "errors": "ratio", "availability": "ratio", "served": "ratio", "shed": "ratio", "apdex": "score",
    "recovery": "s",
}  # fmt: skip
FACTOR: Unit = "factor"
INTERRUPTED = "interrupted"
JUDGED_PHASES = ("baseline", "surge", "fault", "recovery")


class Judged(NamedTuple):
    """What was found of an objective: its state, the value with its limits, and over how many pages.

    `needed`: how many pages would tell, where these do not; None where no bearable number would, or none is missing.
    """

    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    pages: int = 0
    needed: int | None = None


def judge_objectives(run: Run, ratios: Mapping[tuple[str, str], Judged] | None = None) -> list[Finding]:
    """Every objective of the manifest; `*` stands for each persona that the plan has pages for.

    `ratios` holds what was found of objectives relative to a baseline, by objective and persona (relative.py).
    Raises UsageError that names every objective which cannot be read or speaks of what does not exist.
    """
    return [
        _judge(run, each, must, persona, ratios or {})
        for each, must in readable(run)
        for persona in personas(run, each["persona"])
    ]


def readable(run: Run) -> list[tuple[dict[str, Any], Must]]:
    """The manifest's objectives with what each demands. Raises UsageError with every fault at once."""
    found, faults = [], []
    for number, each in enumerate(run.manifest["objectives"], 1):
        name = f"{run.path}: objective {each.get('id') or number}"
        known = (
            ("persona", (*of_manifest(run.manifest), "*")),
            ("service", ("*", *SERVICES)),
            ("phase", JUDGED_PHASES),
        )
        faults += [
            f"{name}: {key} = {each.get(key)!r} is unknown; known: {', '.join(values)}"
            for key, values in known
            if each.get(key) not in values
        ]
        if not isinstance(each.get("id"), str):
            faults.append(f"{name}: id is missing")
        try:
            found.append((each, parse_objective(str(each.get("must")))))
        except ValueError as error:
            faults.append(f"{name}: must: {error}")
    if faults:
        raise UsageError("\n".join(faults), hint="docs/gate.md has the grammar; warm-up is never judged")
    return found


def personas(run: Run, persona: str) -> list[str]:
    """Whom an objective is about."""
    if persona != "*":
        return [persona]
    return [name for name, planned in run.manifest["planned"].items() if planned["page_views"]]


def scope(run: Run, each: Mapping[str, Any], persona: str) -> dict[str, str]:
    """The pages that an objective looks at: one persona, its service (`*` for all), its phase.

    Baseline, fault and recovery are parts of the window that faults cut it into: their pages are recorded once more.
    """
    kind = "page" if each["phase"] == run.window["name"] else "phased"
    return {"kind": kind, "persona": persona, "service": str(each["service"]), "phase": str(each["phase"])}


def _judge(
    run: Run, each: dict[str, Any], must: Must, persona: str, ratios: Mapping[tuple[str, str], Judged]
) -> Finding:
    if must.relative:
        judged = ratios.get((each["id"], persona), Judged("not-judged"))
    else:
        judged = _MEASURES[must.measure](must, run, each, persona)
    state = judged.state
    if persona in run.deferred:
        state = "deferred"
    required = bool(each.get("required", True)) and state not in ("deferred", "not-judged")
    unit = FACTOR if must.relative else UNITS[must.measure]
    return Finding(
        each["id"], persona, each["service"], each["phase"], each["must"], required, state, judged.value, judged.low,
        judged.high, unit, judged.pages, judged.needed if state == "not-enough-data" else None,
    )  # fmt: skip


def _latency(must: Must, run: Run, each: Mapping[str, Any], persona: str) -> Judged:
    """A percentile under a bound: the share of pages over the bound against 1 − percentile."""
    pages = run.tally.times(timing=must.timing, **scope(run, each, persona))
    total = pages.total
    percentile = must.percentile or 50.0
    value = pages.quantile_seconds(percentile)
    if value is None:
        return Judged("not-enough-data", needed=must.fewest)
    allowed, slow = 1 - percentile / 100, pages.over(must.bound)
    low, high = _quantile_limits(pages, percentile, total)
    if must.holds(value) and proportion.upper(slow, total) <= allowed:
        return Judged("met", value, low, high, total)
    if (not must.holds(value) and total >= must.fewest) or proportion.lower(slow, total) > allowed:
        return Judged("missed", value, low, high, total)
    return Judged("not-enough-data", value, low, high, total, _needed(must, value, slow, total))


def _quantile_limits(pages: Times, percentile: float, total: int) -> tuple[float | None, float | None]:
    """One-sided 95 % limits of a quantile by order statistics (normal approximation of the rank)."""
    share = percentile / 100
    spread = 1.645 * math.sqrt(share * (1 - share) / total)
    low = pages.quantile_seconds(100 * max(0.0, share - spread))
    high = pages.quantile_seconds(100 * (share + spread)) if share + spread < 1 else None
    return low, high


def _share(must: Must, events: int, total: int) -> Judged:
    if not total:
        return Judged("not-enough-data", needed=must.fewest)
    value = events / total
    low, high = proportion.lower(events, total), proportion.upper(events, total)
    if must.holds(high if must.downward else low):
        return Judged("met", value, low, high, total)
    proved = not must.holds(low if must.downward else high)
    if proved or (not must.holds(value) and total >= must.fewest):
        return Judged("missed", value, low, high, total)
    otherwise = events if must.downward else total - events
    return Judged("not-enough-data", value, low, high, total, _needed(must, value, otherwise, total))


def _needed(must: Must, value: float, otherwise: int, total: int) -> int | None:
    """How many pages would tell, at the share that there is; a value that breaks the bound tells with the fewest."""
    found = proportion.needed(otherwise, total, must.allowed or 0.0)
    return found if must.holds(value) else min(found or must.fewest, must.fewest)


_EVENTS = {"errors": "failed", "availability": "ok", "shed": "shed"}


def _outcomes(must: Must, run: Run, each: Mapping[str, Any], persona: str) -> Judged:
    """Failed, refused or served pages as a share of the pages that got an answer, and those that failed."""
    of = run.tally.count(**scope(run, each, persona))
    return _share(must, of[_EVENTS[must.measure]], of["ok"] + of["shed"] + of["failed"])


def _served(must: Must, run: Run, each: Mapping[str, Any], persona: str) -> Judged:
    """Pages served of those planned, of the visits due in the phase, or in the part of the window that it is.

    What a visit had not asked for yet when the run itself ended is left out: nobody can tell.
    """
    when = {"phase" if each["phase"] == run.window["name"] else "part": str(each["phase"])}
    if each["service"] == "*":
        visits = run.stays.only(run.stays.where(persona=persona, **when))
        cut_short = int(visits["unserved"][visits.where(end=INTERRUPTED)].sum())
        return _share(must, int(visits["ok"].sum()), int(visits["planned"].sum()) - cut_short)
    where = {"persona": persona, "service": str(each["service"]), **when}
    pages, cut = run.stays.pages(**where), run.stays.pages(end=INTERRUPTED, **where)
    cut_short = cut["planned"] - sum(cut[name] for name in PAGE_OUTCOMES)
    return _share(must, pages["ok"], pages["planned"] - cut_short)


def apdex(
    tally: Tally, threshold_seconds: float, *, timing: str = "corrected", **where: str
) -> tuple[float | None, int]:
    """Apdex: (satisfied + tolerating/2)/N over corrected latency; failed and shed pages are frustrated."""
    of = tally.count(**where)
    total = of["ok"] + of["shed"] + of["failed"]
    if not total:
        return None, 0
    served = tally.times(timing=timing, **where)
    count = served.total
    satisfied = count - served.over(threshold_seconds)
    tolerating = count - served.over(4 * threshold_seconds) - satisfied
    return (satisfied + tolerating / 2) / total, total


def _apdex(must: Must, run: Run, each: Mapping[str, Any], persona: str) -> Judged:
    value, total = apdex(run.tally, must.threshold_seconds or 0.5, timing=must.timing, **scope(run, each, persona))
    if value is None:
        return Judged("not-enough-data", needed=must.fewest)
    spread = 1.645 * math.sqrt(max(value * (1 - value), 0.25 / total) / total)
    low, high = max(0.0, value - spread), min(1.0, value + spread)
    if total < must.fewest:
        return Judged("not-enough-data", value, low, high, total, must.fewest)
    if must.holds(low):
        return Judged("met", value, low, high, total)
    if not must.holds(value):
        return Judged("missed", value, low, high, total)
    gap = value - must.bound
    needed = math.ceil(total * (spread / gap) ** 2) if gap > 0 else None
    kept = needed if needed is not None and needed <= proportion.MOST_TIMES * total else None
    return Judged("not-enough-data", value, low, high, total, kept)


def _recovery(must: Must, run: Run, each: Mapping[str, Any], persona: str) -> Judged:
    """The longest time to recover from a fault, in run seconds; missed while one is not over."""
    found = recoveries(run, run.seconds(persona=persona, service=str(each["service"])))
    times = [one.recover_s for one in found]
    if not found:
        return Judged("not-enough-data")
    if None in times:
        return Judged("missed", pages=len(found))
    longest = max(time for time in times if time is not None)
    return Judged("met" if must.holds(longest) else "missed", longest, pages=len(found))


_MEASURES: dict[str, Any] = {
    "latency": _latency, "errors": _outcomes, "availability": _outcomes, "shed": _outcomes, "served": _served,
    "apdex": _apdex, "recovery": _recovery,
}  # fmt: skip
