"""The cells of a sweep over their lucks, and what each step from one to the next buys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.analysis.sweep.intervals import apart, paired, percent
from entsurge.findings.sweep import Step, SweptCell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from entsurge.findings.statement import Title
    from entsurge.findings.sweep import Key, LuckOutcome, State
    from entsurge.simulation.grid import Cell, Grid

Outcomes = dict[int, "LuckOutcome"]


def share(outcome: LuckOutcome, personas: Iterable[str]) -> float | None:
    """Pages served in time to these personas, in percent of those they wanted; None where they wanted none."""
    chosen = [persona for persona in personas if persona in outcome.planned]
    wanted = sum(outcome.planned[persona] for persona in chosen)
    return 100 * sum(outcome.served[persona] for persona in chosen) / wanted if wanted else None


def swept(
    cell: Cell, cost: float, outcomes: Outcomes, protected: Sequence[str], others: Sequence[str], lucks: int,
    why: Title | None,
) -> SweptCell:  # fmt: skip
    """What came of a cell, as far as its lucks have been simulated."""
    held = sum(each.verdict == "PASS" for each in outcomes.values())
    measured = believed(outcomes).values()
    return SweptCell(
        id=cell.id, nodes=cell.nodes, workers=cell.workers, measures=list(cell.measures), hours=cell.hours, cost=cost,
        state="impossible" if why else _state(list(outcomes.values()), held, lucks), lucks=len(outcomes), held=held,
        students=percent(_known(each.students for each in measured)),
        teachers=percent(_known(each.teachers for each in measured)),
        protected=percent(_known(share(each, protected) for each in measured)),
        others=percent(_known(share(each, others) for each in measured)),
        personas={
            persona: percent(_known(share(each, [persona]) for each in measured))
            for persona in (*protected, *others)
        },
        missed=list(dict.fromkeys(who for each in measured for who in each.missed)), why=why,
    )  # fmt: skip


def believed(outcomes: Outcomes) -> Outcomes:
    """Those whose figures count: neither INVALID nor stopped by an overload, which ends a record before its window."""
    return {luck: each for luck, each in outcomes.items() if each.verdict != "INVALID" and each.end != "overload"}


def _known(values: Iterable[float | None]) -> list[float]:
    return [each for each in values if each is not None]


def _state(outcomes: Sequence[LuckOutcome], held: int, lucks: int) -> State:
    """What the lucks say together: one that missed settles that it does not always hold, whatever the others are."""
    verdicts = {each.verdict for each in outcomes}
    if "FAIL" in verdicts:
        return "mixed" if held else "misses"
    if any(each.end == "overload" for each in outcomes):
        return "overload"
    if "INVALID" in verdicts:
        return "void"
    if "INCONCLUSIVE" in verdicts:
        return "unsure"
    return "holds" if held and held == lucks else "unknown"


def steps(
    cells: Sequence[Cell], costs: Mapping[str, float], outcomes: Mapping[str, Outcomes], grid: Grid,
    protected: Sequence[str], others: Sequence[str],
) -> list[Step]:  # fmt: skip
    """Every step along every key that is swept, between cells of which both are known."""
    known = {cell.id for cell in cells if outcomes.get(cell.id)}
    found = []
    for key, before, after in _pairs(cells, grid):
        if {before.id, after.id} <= known:
            one, other = believed(outcomes[before.id]), believed(outcomes[after.id])
            whose = [paired(_shares(one, group), _shares(other, group)) for group in (protected, others)]
            found.append(
                Step(
                    key=key, before=before.id, after=after.id, cost=costs[after.id] - costs[before.id],
                    protected=whose[0], students=paired(_students(one), _students(other)), others=whose[1],
                    told_apart=apart(whose[0]),
                )
            )  # fmt: skip
    return found


def _pairs(cells: Sequence[Cell], grid: Grid) -> Iterable[tuple[Key, Cell, Cell]]:
    """Each cell with the one that a single step leads to."""
    for cell in cells:
        nodes, workers, hours = (
            _next(values, now)
            for values, now in ((grid.nodes, cell.nodes), (grid.workers, cell.workers), (grid.hours, cell.hours))
        )
        if nodes is not None:
            yield "nodes", cell, replace(cell, nodes=nodes)
        if workers is not None:
            yield "workers", cell, replace(cell, workers=workers)
        if hours is not None:
            yield "hours", cell, replace(cell, hours=hours)
        first = grid.measures[0] if grid.measures else ()
        before = () if () in grid.measures else first
        if cell.measures != before:
            yield "measures", replace(cell, measures=before), cell


def _next(values: Sequence[int], now: int) -> int | None:
    """The next larger value of those that are swept; they rise."""
    return next((value for value in values if value > now), None)


def _shares(outcomes: Outcomes, personas: Sequence[str]) -> dict[int, float]:
    found = {luck: share(each, personas) for luck, each in outcomes.items()}
    return {luck: value for luck, value in found.items() if value is not None}


def _students(outcomes: Outcomes) -> dict[int, float]:
    return {luck: each.students for luck, each in outcomes.items() if each.students is not None}
