"""The whole finding of a sweep: its cells, the cheapest that holds and how sure, what is worth trying for real."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.analysis import proportion
from entsurge.analysis.sweep.cells import steps, swept
from entsurge.findings.sweep import CheapestWith, SweepReport
from entsurge.simulation.grid import NODES, WORKERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.analysis.sweep.cells import Outcomes
    from entsurge.audience.persona import Persona
    from entsurge.findings.statement import Title
    from entsurge.findings.sweep import Answered, Key, Step, SweptCell
    from entsurge.simulation.grid import Cell, Grid

MOST_CANDIDATES = 3
UNDECIDED = ("unsure", "void", "unknown")
TAKEN = ("scale", "compression", "seed", "day")
NOT_TAKEN = {
    "window": "--from, --until", "measures": "--without-measures", "objectives": "--objectives", "date": "--date",
    "bell": "--bell", "devices": "--devices", "shape": "--shape", "arrivals": "--arrivals", "schools": "--schools",
    "scenario": "--scenario",
}  # fmt: skip
NINE_IN_TEN = math.ceil(math.log(1 - proportion.ONE_SIDED) / math.log(0.9))


@dataclass(frozen=True)
class Prices:
    """What a month of a node, and of each of its workers, costs; None for both: they are counted."""

    node: float | None
    worker: float | None
    currency: str

    @property
    def known(self) -> bool:
        """Whether there is a price."""
        return self.node is not None or self.worker is not None

    def of(self, cell: Cell, *, count: str) -> float:
        """A month's cost of a cell; without prices its nodes, or all its workers."""
        if self.known:
            return cell.nodes * ((self.node or 0.0) + cell.workers * (self.worker or 0.0))
        return float(cell.nodes * cell.workers if count == WORKERS else cell.nodes)


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of a sweep before its first simulation.

    `asked`: what was asked in place of the profile's own (`scale`, `day`, `window`, …), its seed among them.
    """

    simulated: str
    deployment_title: Title
    name: str
    title: Title
    profile: str
    scale: str
    compression: float
    window: dict[str, str]
    seed: int
    asked: Mapping[str, Any]
    personas: list[Persona]
    mover: list[str]
    titles: dict[str, Title]
    always: list[str]
    prices: Prices
    lucks: int
    again: str
    impossible: Mapping[str, Title]


def sweep_report(about: About, grid: Grid, cells: Sequence[Cell], outcomes: Mapping[str, Outcomes]) -> SweepReport:
    """What the simulations of a sweep say together, as far as they have been made."""
    protected = [each.key for each in about.personas if each.protected]
    others = [each.key for each in about.personas if not each.protected]
    outcomes = _of_this(cells, outcomes, about.lucks)
    unit = WORKERS if WORKERS in grid.swept() else NODES
    costs = {cell.id: about.prices.of(cell, count=unit) for cell in cells}
    found = [
        swept(cell, costs[cell.id], outcomes.get(cell.id, {}), protected, others, about.lucks,
              about.impossible.get(cell.id))
        for cell in cells
    ]  # fmt: skip
    bought = steps(cells, costs, outcomes, grid, protected, others)
    best = cheapest(found)
    candidates = _candidates(found, bought, best)
    done = [each for of in outcomes.values() for each in of.values()]
    possible = [cell for cell in cells if cell.id not in about.impossible]
    return SweepReport(
        simulated=about.simulated, deployment_title=about.deployment_title, name=about.name, title=about.title,
        profile=about.profile, scale=about.scale, compression=about.compression, window=about.window, seed=about.seed,
        plan_digest=next((each.digest for each in done if not each.luck and "hours=0" in each.cell), ""),
        personas=about.personas, mover=about.mover, swept=_keys(grid), titles=about.titles, always=about.always,
        priced=about.prices.known, unit=about.prices.currency if about.prices.known else unit,
        node_per_month=about.prices.node or 0.0, worker_per_month=about.prices.worker or 0.0,
        lucks=about.lucks, simulations=len(possible) * about.lucks, done=len(done),
        answer=_answer(found, best), cheapest=best.id if best else "",
        sure_low=proportion.lower(about.lucks, about.lucks), lucks_for_90=NINE_IN_TEN, doubts=_doubts(found, best),
        undecided=_undecided(found, best),
        cells=found, steps=bought, with_measures=_with_measures(found), candidates=candidates,
        command=_command(about, candidates), not_taken=_not_taken(about.asked), again=about.again,
    )  # fmt: skip


def _of_this(cells: Sequence[Cell], outcomes: Mapping[str, Outcomes], lucks: int) -> dict[str, Outcomes]:
    """Of a book what this sweep asked for: it may hold other values and more lucks, of an earlier command."""
    return {cell.id: {luck: each for luck, each in outcomes.get(cell.id, {}).items() if luck < lucks} for cell in cells}


def _keys(grid: Grid) -> list[Key]:
    return [*grid.swept()]  # type: ignore[list-item]  # its keys are these


def cheapest(cells: Sequence[SweptCell]) -> SweptCell | None:
    """Of the cells that hold the cheapest; of equals the one that leaves most to others, then with fewest measures."""
    held = [each for each in cells if each.state == "holds"]
    return min(
        held, key=lambda each: (each.cost, -(each.others.value or 0.0), len(each.measures), each.hours), default=None
    )


def _answer(cells: Sequence[SweptCell], best: SweptCell | None) -> Answered:
    if best:
        return "holds"
    settled = {"misses", "mixed", "impossible", "overload"}
    return "none-holds" if all(each.state in settled for each in cells) else "unsure"


def _doubts(cells: Sequence[SweptCell], best: SweptCell | None) -> list[str]:
    """Cells that should hold if the cheapest does, and did not always."""
    if best is None:
        return []
    alike = [each for each in cells if each.measures == best.measures and each.hours == best.hours]
    larger = [each for each in alike if each.nodes >= best.nodes and each.workers >= best.workers]
    return [each.id for each in larger if each.state in ("mixed", "misses", "unsure")]


def _undecided(cells: Sequence[SweptCell], best: SweptCell | None) -> list[str]:
    """Cheaper cells than the cheapest that holds of which it is not known whether they hold."""
    if best is None:
        return []
    cheaper = sorted((each for each in cells if each.cost < best.cost), key=lambda each: each.cost)
    return [each.id for each in cheaper if each.state in UNDECIDED]


def _with_measures(cells: Sequence[SweptCell]) -> list[CheapestWith]:
    arms = list(dict.fromkeys((tuple(each.measures), each.hours) for each in cells))
    of = {arm: cheapest([each for each in cells if (tuple(each.measures), each.hours) == arm]) for arm in arms}
    plain = of.get(((), 0))
    return [
        CheapestWith(
            measures=list(arm[0]), hours=arm[1], cell=best.id if best else "",
            spared=plain.cost - best.cost if plain and best else None,
            nodes_spared=plain.nodes - best.nodes if plain and best else None,
        )
        for arm, best in of.items()
    ]  # fmt: skip


def _candidates(cells: Sequence[SweptCell], bought: Sequence[Step], best: SweptCell | None) -> list[list[str]]:
    """Measures that buy protected personas pages beyond chance: those of the cheapest, then by their greatest gain.

    The few that are worth a night on the real thing.
    """
    by_id = {each.id: each for each in cells}
    gains: dict[tuple[str, ...], float] = {}
    for step in bought:
        if step.key == "measures" and step.told_apart and (step.protected.value or 0.0) > 0:
            arm = tuple(by_id[step.after].measures)
            if arm:
                gains[arm] = max(gains.get(arm, 0.0), step.protected.value or 0.0)
    first = tuple(best.measures) if best else ()
    ordered = sorted(gains, key=lambda arm: (arm != first, -gains[arm], len(arm)))
    return [list(arm) for arm in ordered[:MOST_CANDIDATES]]


def _command(about: About, candidates: Sequence[Sequence[str]]) -> str:
    """`entsurge measures` with these measures, each alone, and those that go together in pairs; empty without any.

    What was asked of the profile is asked again, as far as that command takes it.
    """
    names = list(dict.fromkeys(name for arm in candidates for name in arm))
    if not names:
        return ""
    pairs = ["+".join(arm) for arm in candidates if len(arm) == 2]
    words = ["entsurge", "measures", about.profile, "--target", "TARGET"]
    words += [word for name in TAKEN if name in about.asked for word in (f"--{name}", str(about.asked[name]))]
    words += [word for name in names for word in ("--measure", name)]
    words += ["--pairs", ",".join(pairs)] if pairs else ["--no-pairs"]
    return shlex.join(words)


def _not_taken(asked: Mapping[str, Any]) -> list[str]:
    """Options of the sweep that change the plan and that `entsurge measures` does not have."""
    return [options for name, options in NOT_TAKEN.items() if name in asked]
