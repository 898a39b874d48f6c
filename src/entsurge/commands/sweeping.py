"""A sweep as it is made: what is asked for, checked before anything is simulated; then one simulation after another."""

from __future__ import annotations

import hashlib
import math
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge import content
from entsurge.analysis.sweep.book import Book
from entsurge.analysis.sweep.report import About, Prices
from entsurge.audience import profile as profiles
from entsurge.chaos.experiment import load as load_experiment
from entsurge.errors import Ended, UsageError
from entsurge.said import said
from entsurge.simulation import deployment as deployments
from entsurge.simulation.changed import later, with_cell
from entsurge.simulation.drawn import Drawn
from entsurge.simulation.possible import ServesNobody
from entsurge.simulation.run import Simulation, subject
from entsurge.terminal import here, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.findings.statement import Title
    from entsurge.simulation.deployment import Deployment
    from entsurge.simulation.grid import Cell, Grid
    from entsurge.simulation.manifest import Subject

LANGUAGES = ("fr", "en")
VISITS_OF_DRAIN, LONGEST_DRAIN = 2.5, 3_600


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A sweep as it was asked for. `changes` are the profile's overrides, its window among them."""

    profile: str
    changes: dict[str, Any]
    path: Path
    grid: Grid
    lucks: int
    always: tuple[str, ...]
    scenarios: dict[str, str]
    seed: int | None


class Sweep:
    """A sweep that can be made: its cells, those that could serve nobody, its plan by luck. Raises UsageError."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.profile = _window(asked)
        self.deployment = deployments.load(asked.path)
        nodes = self.deployment.nodes
        self.cells = asked.grid.cells(nodes.count, nodes.workers)
        self.mover = self._mover()
        self.seed = self.profile.file.replay.seed if asked.seed is None else asked.seed
        self.impossible: dict[str, Title] = {}
        first: ServesNobody | None = None
        for cell in self.cells:
            try:
                self._subject(cell, self._moved(self.profile, cell.hours), 0)
            except ServesNobody as error:
                first = first or error
                told = {language: translated(error.reasons[0], language) for language in LANGUAGES}
                self.impossible[cell.id] = told
        if first and len(self.impossible) == len(self.cells):
            raise first

    @property
    def possible(self) -> list[Cell]:
        """The cells that are simulated."""
        return [cell for cell in self.cells if cell.id not in self.impossible]

    @property
    def key(self) -> str:
        """What tells this sweep's simulations from another's: plan, deployment, measures that are always in force."""
        files = [path for _, _, path in self.profile.sources] + [self.asked.path]
        parts = [content.digest(path) for path in files]
        parts += [str(sorted(self.asked.changes.items(), key=str)), str(self.seed), self.asked.profile]
        parts += [*self.asked.always, str(sorted(self.asked.scenarios.items())), *self.mover]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def simulations(self) -> Iterator[tuple[Cell, int, Subject, Drawn]]:
        """Each simulation, luck by luck, so that what is broken off has compared all cells as often."""
        for luck in range(self.asked.lucks):
            of_luck = replace(self.profile, file=_redrawn(self.profile, luck)) if luck else self.profile
            for hours in dict.fromkeys(cell.hours for cell in self.possible):
                moved = self._moved(of_luck, hours)
                drawn = Drawn(moved)
                for cell in self.possible:
                    if cell.hours == hours:
                        yield cell, luck, self._subject(cell, moved, luck), drawn

    def about(self, prices: Prices, again: str) -> About:
        """What is known of it before its first simulation."""
        file, arms = self.profile.file, {name for cell in self.cells for name in cell.measures}
        always = list(dict.fromkeys([*self.deployment.measures, *self.profile.measures, *self.asked.always]))
        asked = self.asked.changes | ({"scenario": self.asked.scenarios} if self.asked.scenarios else {})
        window = {"day": file.window.day, "from": file.window.begin, "to": file.window.end}
        return About(
            simulated=self.asked.path.stem, deployment_title=_title(self.deployment.title), name=self.profile.name,
            title=_title(file.title), profile=self.asked.profile, scale=str(file.replay.scale),
            compression=float(file.replay.compression), window=window, seed=self.seed, asked=asked,
            personas=list(self.profile.personas.values()), mover=self.mover,
            titles={name: _title(load_experiment(name).extension.title) for name in (*sorted(arms), *always)},
            always=always, prices=prices, lucks=self.asked.lucks, again=again, impossible=self.impossible,
        )  # fmt: skip

    def _mover(self) -> list[str]:
        """Whose hours are moved."""
        known = self.profile.personas
        if self.asked.grid.mover and self.asked.grid.mover not in known:
            told = "--sweep hours={who}: no such persona; the personas are {known}"
            raise UsageError(said(told, who=self.asked.grid.mover, known=", ".join(known)))
        protected = self.profile.protected
        return [self.asked.grid.mover] if self.asked.grid.mover else [key for key in known if key not in protected]

    def _moved(self, profile: Profile, hours: int) -> Profile:
        return later(profile, self.mover, hours)

    def _subject(self, cell: Cell, profile: Profile, luck: int) -> Subject:
        return subject(
            profile, self.asked.path, measures=(*self.asked.always, *cell.measures), scenarios=self.asked.scenarios,
            seed=self.seed + luck, changed=with_cell(self.deployment, cell),
        )  # fmt: skip


def _window(asked: Asked) -> Profile:
    loaded = profiles.load(asked.profile, overrides=asked.changes)
    if loaded.file.day and asked.changes.get("day") is None:
        raise UsageError(
            said("{profile}: has days of its own", profile=asked.profile), hint="--day 1: a sweep is of one of them"
        )
    if not any(each.required for each in loaded.file.objective):
        raise UsageError(
            said("{profile}: no required objective", profile=asked.profile),
            hint="a deployment holds when it keeps those; --objectives names a contract's",
        )
    if not loaded.protected:
        raise UsageError(
            said("{profile}: no persona is protected: a measure would buy nothing for anybody", profile=asked.profile)
        )
    return _drained(loaded)


def _drained(profile: Profile) -> Profile:
    """With time enough after the window that whoever came in it can end the visit: on paper that costs nothing."""
    replay = profile.file.replay
    visits = VISITS_OF_DRAIN * float(profile.week.minutes_per_visit * 60 / replay.compression)
    seconds = max(replay.drain_seconds, min(LONGEST_DRAIN, math.ceil(visits)))
    file = profile.file.model_copy(update={"replay": replay.model_copy(update={"drain_seconds": seconds})})
    return replace(profile, file=file)


def _redrawn(profile: Profile, luck: int) -> Any:
    """The profile's file with another plan of the same seed: other arrivals, the same people."""
    replay = profile.file.replay
    return profile.file.model_copy(update={"replay": replay.model_copy(update={"draw": replay.draw + luck})})


def _title(title: Mapping[Any, str]) -> Title:
    return {language: title[language] for language in LANGUAGES}


def go(sweep: Sweep, folder: Path, *, quiet: bool) -> tuple[Book, int]:
    """Make every simulation that the book has not: the book, and the exit code of a signal that ended it, or 0.

    Each run directory is read once and removed. Raises CannotRecord, UsageError for a book of another sweep.
    """
    book = Book.opened(folder, sweep.key)
    told = _Told(len(sweep.possible) * sweep.asked.lucks, quiet=quiet)
    try:
        for cell, luck, of, drawn in sweep.simulations():
            if book.has(cell.id, luck):
                told.left -= 1
                continue
            _one(of, drawn, cell, luck, folder, book)
            told.one_more(cell)
    except Ended as ended:
        return book, ended.exit_code
    finally:
        told.end()
    return book, 0


def _one(of: Subject, drawn: Drawn, cell: Cell, luck: int, folder: Path, book: Book) -> None:
    from entsurge.analysis.sweep.outcome import luck_outcome
    from entsurge.record.writer import RunDirectory

    scratch = Path(tempfile.mkdtemp(prefix=".simulation-", dir=folder))
    try:
        directory = RunDirectory(scratch / "run")
        try:
            Simulation(of, directory, drawn=drawn).run()
        finally:
            directory.close()
        book.add(luck_outcome(scratch / "run", cell.id, luck))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _Told:
    """A line that is written over, on a terminal: how many of how many, and how long it still takes."""

    def __init__(self, left: int, *, quiet: bool) -> None:
        self.left, self.done, self.began = left, 0, time.monotonic()
        self.shown = not quiet and sys.stderr.isatty()

    def one_more(self, cell: Cell) -> None:
        self.done += 1
        if self.shown:
            seconds = (time.monotonic() - self.began) / self.done * (self.left - self.done)
            told = said(
                "simulated {done} of {all}, {minutes:.0f} min left: {cell}", done=self.done, all=self.left,
                minutes=seconds / 60, cell=cell.id,
            )  # fmt: skip
            click.echo(f"\r{here(told)[:100]:100}", nl=False, err=True)

    def end(self) -> None:
        if self.shown:
            click.echo(f"\r{'':100}\r", nl=False, err=True)


def prices(deployment: Deployment, given: Sequence[str], currency: str | None) -> Prices:
    """`--cost node=180 --cost worker=4`, in place of the deployment's own. Raises UsageError."""
    found = {"node": deployment.costs.node_per_month, "worker": deployment.costs.worker_per_month}
    for text in given:
        what, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if what not in found or not 0 <= number <= 1e9:
            raise UsageError(
                said("--cost {text}: expected node=NUMBER or worker=NUMBER, a month's cost of each", text=text[:80])
            )
        found[what] = number
    return Prices(found["node"], found["worker"], currency or deployment.costs.currency)
