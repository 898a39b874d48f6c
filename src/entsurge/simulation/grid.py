"""What a sweep varies: `--sweep nodes=2..12 --sweep measures=none,static-home …` as the cells of a grid."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.simulation.measures import MEANT_TO_HELP, MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NODES, WORKERS, MEASURE, HOURS = KEYS = ("nodes", "workers", "measures", "hours")
BOUNDS: Mapping[str, tuple[int, int]] = {NODES: (1, 10_000), WORKERS: (1, 1_000_000), HOURS: (0, 12)}
NONE, EACH = "none", "each"
AT_MOST = 500
MOST_VALUES = 1_000
_RANGE = re.compile(r"(\d{1,7})(?:\.\.(\d{1,7})(?:/(\d{1,7}))?)?")


@dataclass(frozen=True)
class Cell:
    """One deployment of a sweep: so many nodes and workers of each, measures, and whose day begins later by how much.

    `measures` are in force beside those of the profile and of the deployment.
    """

    nodes: int
    workers: int
    measures: tuple[str, ...] = ()
    hours: int = 0

    @property
    def id(self) -> str:
        """Its name in the files: the same whatever else is swept."""
        return f"nodes={self.nodes} workers={self.workers} measures={arm(self.measures)} hours={self.hours}"


@dataclass(frozen=True)
class Grid:
    """What is swept, by key in the order of KEYS; `mover`: whose hours are moved, empty for all who are not protected.

    A key that is not swept has no values, and the cell is as the deployment is.
    """

    nodes: tuple[int, ...] = ()
    workers: tuple[int, ...] = ()
    measures: tuple[tuple[str, ...], ...] = ()
    hours: tuple[int, ...] = ()
    mover: str = ""

    def cells(self, nodes: int, workers: int) -> list[Cell]:
        """Every cell, for a deployment that has so many nodes of so many workers where they are not swept."""
        each = itertools.product(
            self.nodes or (nodes,), self.workers or (workers,), self.measures or ((),), self.hours or (0,)
        )
        return [Cell(*values) for values in each]

    def swept(self) -> tuple[str, ...]:
        """The keys that are swept."""
        return tuple(key for key in KEYS if getattr(self, key))


def arm(measures: Iterable[str]) -> str:
    """Measures together, as they are named on the command line."""
    return "+".join(measures) or NONE


def read(given: Sequence[str]) -> Grid:
    """`--sweep KEY=VALUES`, each key once. Raises UsageError that names the option and what was expected."""
    found: dict[str, tuple[object, ...]] = {}
    mover = ""
    for text in given:
        key, equals, values = text.partition("=")
        if not equals or key not in KEYS:
            raise UsageError(
                said("--sweep {text}: expected KEY=VALUES, KEY one of {keys}", text=text[:80], keys=", ".join(KEYS)),
                hint="--sweep nodes=2..12 --sweep measures=none,static-home",
            )
        if key in found:
            raise UsageError(said("--sweep {key}: named twice", key=key), hint="several values: 2..6,8,12")
        if key == HOURS and ":" in values:
            mover, _, values = values.partition(":")
        found[key] = _arms(values) if key == MEASURE else _numbers(key, values)
    return Grid(mover=mover, **found)  # type: ignore[arg-type]  # by key each its own kind


def _numbers(key: str, values: str) -> tuple[int, ...]:
    """Whole numbers of a list of ranges, each once, rising."""
    low, high = BOUNDS[key]
    found: set[int] = set()
    for part in values.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last, step = (int(each) if each else None for each in match.groups()) if match else (None, None, None)
        last = first if last is None else last
        if first is None or last is None or step == 0 or not (low <= first <= high and low <= last <= high):
            told = (
                "--sweep {key}={values}: expected whole numbers from {low} to {high}, such as 2..12, 2..12/2 or 2,4,8"
            )
            raise UsageError(said(told, key=key, values=values[:80], low=low, high=high))
        if last < first:
            raise UsageError(
                said("--sweep {key}={part}: an empty range", key=key, part=part.strip()),
                hint=said("the smaller number first: {last}..{first}", last=last, first=first),
            )
        if len(range(first, last + 1, step or 1)) > MOST_VALUES:
            raise UsageError(said("--sweep {key}={part}: over {most} values", key=key, part=part, most=MOST_VALUES))
        found |= {*range(first, last + 1, step or 1)}
    return tuple(sorted(found))


def _arms(values: str) -> tuple[tuple[str, ...], ...]:
    """Measures by commas, several at once by `+`; `none`; `each` for none and each alone that is meant to help."""
    found: list[tuple[str, ...]] = []
    for part in (each.strip() for each in values.split(",")):
        names = [name.strip() for name in part.split("+")]
        unknown = [name for name in names if name not in {*MEASURES, NONE, EACH}]
        if unknown or ({NONE, EACH} & {*names} and len(names) > 1):
            raise UsageError(
                said("--sweep measures={part}: no measure {names} can be simulated", part=part[:80],
                     names=", ".join(unknown) or part),
                hint=said("none, each, {known}; several at once: a+b", known=", ".join(MEASURES)),
            )  # fmt: skip
        if names == [EACH]:
            found += [(), *((name,) for name in MEANT_TO_HELP)]
        else:
            found.append(() if names == [NONE] else tuple(dict.fromkeys(names)))
    return tuple(dict.fromkeys(found))


def bounded(grid: Grid, lucks: int, at_most: int) -> int:
    """How many simulations that is. Raises UsageError where they are more than are allowed."""
    sizes = {key: len(getattr(grid, key)) for key in grid.swept()}
    count = math.prod(sizes.values()) * lucks
    if count > at_most:
        factors = " × ".join(f"{size} {key}" for key, size in sizes.items())
        raise UsageError(
            said("{factors} × {lucks} lucks are {count} simulations, more than {most}", factors=factors, lucks=lucks,
                 count=count, most=at_most),
            hint=said("fewer values or --lucks, or --at-most {count}", count=count),
        )  # fmt: skip
    return count
