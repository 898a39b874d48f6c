"""Who lost what: persona × service, against the baseline run; and priority inversions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis import proportion
from entsurge.analysis.objectives import apdex
from entsurge.analysis.words import SERVICES, whom
from entsurge.audience.objective import parse_objective
from entsurge.audience.persona import of_manifest
from entsurge.findings.matrix import Cell, Matrix
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from entsurge.findings.matrix import CellState
    from entsurge.record.reading.run import Run

WELL, POORLY = 95.0, 80.0
OUTCOMES = ("ok", "shed", "failed", "lost", "unserved")
APDEX_SECONDS = 0.5
INVERSION_POINTS = 5.0


def matrix(run: Run, baseline: Run | None) -> Matrix:
    """Cells of persona × service: counts, served of 100 planned, latency, change in points with its interval."""
    own, base = _counts(run), _counts(baseline) if baseline else {}
    personas = _ordered({persona for persona, _ in own}, tuple(of_manifest(run.manifest)))
    services = _ordered({service for _, service in own}, SERVICES)
    cells: dict[str, dict[str, Cell]] = {persona: {} for persona in personas}
    for persona in personas:
        for service in services:
            if (persona, service) in own:
                cells[persona][service] = _cell(
                    run, persona, service, own[persona, service], base.get((persona, service))
                )
    return Matrix(personas, services, cells, _inversions(run, cells))


def _ordered(found: set[str], known: tuple[str, ...]) -> list[str]:
    """What was found, the known ones first and in their order."""
    return sorted(found, key=lambda name: (known.index(name) if name in known else len(known), name))


def _counts(run: Run) -> dict[tuple[str, str], dict[str, int]]:
    """Planned pages and what became of them, per persona and service; sign-on counts visits."""
    result: dict[tuple[str, str], dict[str, int]] = {}
    visits = run.window_stays
    for persona in visits.count_by("persona"):
        mine = visits.only(visits.where(persona=persona))
        of = result[persona, "sign-on"] = {"planned": len(mine), **dict.fromkeys(OUTCOMES, 0)}
        for sign_on, count in mine.count_by("sign_on").items():
            of[sign_on if sign_on in OUTCOMES else "unserved"] += count
    for place, pages in visits.services.items():
        if place.phase == run.window["name"]:
            cell = result.setdefault((place.persona, place.service), dict.fromkeys(("planned", *OUTCOMES), 0))
            for name in ("planned", *OUTCOMES[:4]):
                cell[name] += pages[name]
            missing = pages["planned"] - sum(pages[name] for name in OUTCOMES[:4])
            cell["shed" if place.sign_on == "shed" else "unserved"] += missing
    return result


def _cell(run: Run, persona: str, service: str, of: dict[str, int], base: dict[str, int] | None) -> Cell:
    scope = {"persona": persona, "service": service, "phase": run.window["name"]}
    p50, p95, p99 = run.tally.times(timing="corrected", **scope).quantiles_seconds([50, 95, 99])
    asked = of["ok"] + of["shed"] + of["failed"]
    served = 100 * of["ok"] / of["planned"] if of["planned"] else None
    low, high = _change_interval(of, base)
    return Cell(
        **of,
        served_percent=served,
        availability=of["ok"] / asked if asked else None,
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        apdex=apdex(run.tally, APDEX_SECONDS, **scope)[0],
        change_points=_change(served, base),
        change_low=low,
        change_high=high,
        state=_state(of, served, p95, _slow_from(run, persona)),
    )


def _change(served: float | None, base: dict[str, int] | None) -> float | None:
    return None if not base or not base["planned"] or served is None else served - 100 * base["ok"] / base["planned"]


def _change_interval(of: dict[str, int], base: dict[str, int] | None) -> tuple[float | None, float | None]:
    if base is None:
        return None, None
    low, high = proportion.difference(of["ok"], of["planned"], base["ok"], base["planned"])
    return 100 * low, 100 * high


def _slow_from(run: Run, persona: str) -> float | None:
    """The bound of the persona's latency objective: a p95 above it is slow."""
    for each in run.manifest["objectives"]:
        must = parse_objective(each["must"])
        if must.measure == "latency" and each["persona"] in (persona, "*"):
            return must.bound
    return None


def _state(of: dict[str, int], served: float | None, p95: float | None, slow_from: float | None) -> CellState:
    if served is None:
        return "none"
    missing = of["planned"] - of["ok"]
    if missing and of["shed"] >= missing / 2 and served < WELL:
        return "shed"
    slow = p95 / slow_from if slow_from and p95 is not None else 0.0
    if served < POORLY or slow > 2:
        return "bad"
    return "warn" if served < WELL or slow > 1 else "ok"


def _inversions(run: Run, cells: dict[str, dict[str, Cell]]) -> list[Statement]:
    """Services where a protected persona is served less than an unprotected one, beyond chance."""
    protected = [name for name in cells if name in run.manifest.get("protected", ())]
    others = [name for name in cells if name not in protected]
    found: list[Statement] = []
    for service in SERVICES:
        for one in protected:
            for other in others:
                if service in cells[one] and service in cells[other]:
                    found += _inversion(run, one, other, service, cells)
    return found


def _inversion(run: Run, one: str, other: str, service: str, cells: dict[str, dict[str, Cell]]) -> list[Statement]:
    mine, theirs = cells[one][service], cells[other][service]
    low, high = proportion.difference(theirs.ok, theirs.planned, mine.ok, mine.planned)
    more, less = theirs.served_percent or 0.0, mine.served_percent or 0.0
    if low <= 0 or more - less < INVERSION_POINTS:
        return []
    shown = {"more": round(more), "less": round(less), "low": round(100 * low), "high": round(100 * high)}
    return [Statement("inversion", {"other": whom(run, other), "one": whom(run, one), "service": service, **shown})]
