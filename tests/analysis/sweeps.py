"""Sweeps whose outcomes are written down: nobody simulates anything."""

from typing import Any

from entsurge.analysis.sweep.report import About, Prices, sweep_report
from entsurge.audience import profile as profiles
from entsurge.findings.sweep import LuckOutcome, SweepReport
from entsurge.simulation.grid import Cell, read

GRID = read(["nodes=1..3", "measures=none,static-home"])
LUCKS = 3


def outcome(cell: Cell, luck: int, verdict: str, share: float, end: str = "completed") -> LuckOutcome:
    """A simulation in which pupils were served this share of their pages, and parents all of theirs."""
    return LuckOutcome(
        cell=cell.id, luck=luck, verdict=verdict, end=end, digest="d", students=100 * share, teachers=None,
        planned={"student": 1000, "parent": 100}, served={"student": round(1000 * share), "parent": 100},
        missed=[] if verdict == "PASS" else ["student"],
    )  # fmt: skip


def about(prices: Prices, **more: Any) -> About:
    """A sweep of the lockdown."""
    personas = list(profiles.load("lockdown-2020").personas.values())
    told: dict[str, Any] = {
        "simulated": "ours", "deployment_title": {"fr": "d", "en": "d"}, "name": "lockdown-2020",
        "title": {"fr": "t", "en": "t"}, "profile": "lockdown-2020", "scale": "1/86", "compression": 45.0,
        "window": {"day": "monday", "from": "09:00", "to": "09:30"}, "seed": 9, "asked": {}, "personas": personas,
        "mover": ["parent"], "titles": {"static-home": {"fr": "s", "en": "s"}}, "always": [], "prices": prices,
        "lucks": LUCKS, "again": "entsurge simulate …", "impossible": {},
    }  # fmt: skip
    return About(**(told | more))


def found(verdicts: dict[tuple[int, str], list[tuple[str, float]]], prices: Prices | None = None,
          **more: Any) -> SweepReport:  # fmt: skip
    """The report of these outcomes by nodes and measure, a pair of verdict and share a luck."""
    cells = GRID.cells(1, 12)
    by_cell = {cell: verdicts[cell.nodes, "+".join(cell.measures)] for cell in cells}
    outcomes = {
        cell.id: {luck: outcome(cell, luck, *each) for luck, each in enumerate(several)}
        for cell, several in by_cell.items()
    }
    return sweep_report(about(prices or Prices(None, None, "€"), **more), GRID, cells, outcomes)


CLEAR = {
    (1, ""): [("FAIL", 0.5), ("FAIL", 0.52), ("FAIL", 0.48)],
    (1, "static-home"): [("FAIL", 0.7), ("FAIL", 0.71), ("FAIL", 0.69)],
    (2, ""): [("FAIL", 0.8), ("PASS", 0.97), ("FAIL", 0.8)], (2, "static-home"): [("PASS", 1.0)] * 3,
    (3, ""): [("PASS", 1.0)] * 3, (3, "static-home"): [("PASS", 1.0)] * 3,
}  # fmt: skip
