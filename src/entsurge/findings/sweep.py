"""What a sweep over deployments on paper has found: sweep.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from entsurge.audience.persona import Persona
from entsurge.errors import Conclusion
from entsurge.findings.perturbation import Estimate
from entsurge.findings.statement import Title

State = Literal["holds", "mixed", "misses", "unsure", "overload", "void", "impossible", "unknown"]
"""Of a cell: held with every luck; with some; missed; too small to tell; over the bound of visitors at once; not to be
believed; could not serve one visit; not simulated yet."""
Answered = Literal["holds", "none-holds", "unsure"]
Key = Literal["nodes", "workers", "measures", "hours"]


@dataclass(frozen=True, kw_only=True)
class LuckOutcome:
    """One simulation: a cell with one luck. `luck` counts from 0, which is the profile's own plan and seed.

    `students`, `teachers`: of 100 who came for their work, how many got it; None where nobody came. `planned` and
    `served` are pages of visits due in the window, by persona, at first attempts: wanted, and served within what is
    owed. `missed`: personas with a required objective that was missed.
    """

    cell: str
    luck: int
    verdict: Conclusion
    end: str
    digest: str
    students: float | None
    teachers: float | None
    planned: dict[str, int]
    served: dict[str, int]
    missed: list[str]


@dataclass(frozen=True, kw_only=True)
class SweptCell:
    """A deployment of the sweep, over its lucks.

    `cost`: a month's, in the report's unit; without prices how many there are. `held`: with how many of the `lucks` it
    held. `students`, `teachers`: of 100. `protected`, `others`, `personas`: pages served in time, in percent of those
    wanted. All with the 95 % interval of their mean over the lucks that are to be believed, without bounds where there
    is one. `why`: why nobody could be served, where nobody could.
    """

    id: str
    nodes: int
    workers: int
    measures: list[str]
    hours: int
    cost: float
    state: State
    lucks: int
    held: int
    students: Estimate
    teachers: Estimate
    protected: Estimate
    others: Estimate
    personas: dict[str, Estimate]
    missed: list[str]
    why: Title | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What changing one thing buys, all else being equal: from cell `before` to cell `after`.

    For `nodes`, `workers` and `hours` the next value of the sweep, for `measures` none (or the first named) against
    another. Differences are in points, paired luck by luck, with the 95 % interval of their mean; `told_apart`: that of
    `protected` excludes 0.
    """

    key: Key
    before: str
    after: str
    cost: float
    protected: Estimate
    students: Estimate
    others: Estimate
    told_apart: bool


@dataclass(frozen=True, kw_only=True)
class CheapestWith:
    """The cheapest cell that holds with these measures and hours; `cell` is empty where none of them does.

    `spared`: how much less it costs than the cheapest without any; `nodes_spared` the same in nodes. None where one of
    the two is not known.
    """

    measures: list[str]
    hours: int
    cell: str
    spared: float | None
    nodes_spared: int | None


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """A sweep: its cells, what each step between them buys, the cheapest that holds.

    `unit`: of costs: a currency where `priced` (a month's cost), else `nodes` or `workers`. `mover`: whose hours were
    moved. `sure_low`: a cell that held with all lucks holds with at least this share of all (one-sided, 95 %);
    `lucks_for_90`: how many it takes for nine in ten; both are of a cell that was chosen beforehand. `cheapest`: of
    those that hold, empty without one. `doubts`: cells with the same measures and as many nodes or more that did not
    always hold. `undecided`: cheaper cells than the cheapest of which it is not known whether they hold. `candidates`:
    measures worth trying on the real thing, the most useful first; `command` tries them, without the options
    `not_taken`. `again`: the command that makes the sweep again.
    """

    format: int = 1
    simulated: str
    deployment_title: Title
    name: str
    title: Title
    profile: str
    scale: str
    compression: float
    window: dict[str, str]
    seed: int
    plan_digest: str
    personas: list[Persona]
    mover: list[str]
    swept: list[Key]
    titles: dict[str, Title]
    always: list[str]
    priced: bool
    unit: str
    node_per_month: float
    worker_per_month: float
    lucks: int
    simulations: int
    done: int
    answer: Answered
    cheapest: str
    sure_low: float
    lucks_for_90: int
    doubts: list[str]
    undecided: list[str]
    cells: list[SweptCell]
    steps: list[Step]
    with_measures: list[CheapestWith]
    candidates: list[list[str]]
    command: str
    not_taken: list[str]
    again: str
