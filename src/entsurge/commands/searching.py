"""A capacity search at work: steps as ordinary runs under one directory, a journal from which it goes on.

The search directory holds `search.jsonl` (append-only: a header, then a line when a step begins and one when it is
known) and `steps/<number>-<kind>-<rate>/`, each an ordinary run directory. See docs/capacity-review.md.
"""

from __future__ import annotations

import json
import math
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import content, errors
from entsurge.analysis.capacity.search import Next, Progress, Stop, following
from entsurge.analysis.capacity.step import STILL_RISING, read_step
from entsurge.analysis.capacity.utilisation import used_by
from entsurge.audience import profile as profiles
from entsurge.commands.options import overrides, scraped
from entsurge.commands.processes import run_engine
from entsurge.engine.spec import RunSpec
from entsurge.findings.serial import as_data
from entsurge.plan.summary import window_load
from entsurge.record.layout import SEARCH, is_run
from entsurge.record.reading.documents import under_way
from entsurge.record.writer import write_json
from entsurge.render.saying import say
from entsurge.said import said
from entsurge.terminal import FRENCH, language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from entsurge.analysis.capacity.step import Step
    from entsurge.audience.profile import Profile
    from entsurge.findings.capacity import CapacityReport
    from entsurge.findings.search import Search

FORMAT = 1
JOURNAL = SEARCH
OVERHEAD_SECONDS = 5.0
ENDING_SECONDS, LOOK_SECONDS = 120.0, 0.2
KNOWN_GOOD = 0.7  # of the lowest rate missed: where the target is left to recover
RETURNS = 3
FINE = 10**9
BROKEN_OFF = (
    errors.UsageError, errors.InvalidMeasurement, errors.GuardStop, errors.TargetUnreachable, errors.CannotRecord,
)  # fmt: skip


def step_seconds(search: Search) -> float:
    """What one step of a search costs."""
    return search.warm_up_seconds + search.hold_seconds + search.drain_seconds + OVERHEAD_SECONDS


def back_seconds(search: Search) -> float:
    """What a return to a known-good rate costs."""
    return search.warm_up_seconds + search.hold_seconds / 3 + search.drain_seconds + OVERHEAD_SECONDS


def steps_within(search: Search) -> int:
    """How many steps the budget allows when every second one is followed by a return."""
    return int(search.budget_seconds / (step_seconds(search) + back_seconds(search) / 2))


def header(search: Search, digests: list[str]) -> dict[str, Any]:
    """The first line of the journal; `digests` of the files that decide what a step is."""
    return {"format": FORMAT, "kind": "search", "digests": digests, **asdict(search)}


def profile_of(search: Search) -> Profile:
    """The profile at the search's own scale, compression and seed: what a rate of 1 is."""
    replay = overrides(scale=search.scale, compression=search.compression, seed=search.seed)
    return profiles.load(search.profile, overrides=replay | search.more)


def pages_per_second(loaded: Profile) -> float:
    """What the profile's window is expected to ask for, at the target."""
    return float(window_load(loaded)["total"]["pages_per_second"])


def superseded(names: Sequence[str]) -> set[str]:
    """Of a search's steps, by their folders' names, those asked again for longer: the longer one counts."""
    longer = {int(name[: name.index("-")]) for name in names if "-longer-" in name}
    return {name for name in names if name.partition("-")[0].isdecimal() and int(name.partition("-")[0]) + 1 in longer}


class Journal:
    """What has been asked and what came of it: search.jsonl, or a file of another name."""

    def __init__(self, folder: Path, name: str = JOURNAL) -> None:
        self.folder, self.path = folder, folder / name

    def rows(self) -> list[dict[str, Any]]:
        """Every whole line; one that is torn or no row was never known."""
        found = []
        for line in filter(None, self.path.read_bytes().splitlines()):
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
        return [row for row in found if isinstance(row, dict)]

    @contextmanager
    def taken_up(self) -> Iterator[None]:
        """Around what reads the rows: one without what it must say is a UsageError."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            raise errors.UsageError(
                said("{path}: damaged: {name}: {error}", path=self.path, name=type(error).__name__, error=error),
                hint="a new --out begins anew",
            ) from None

    def write(self, row: dict[str, Any]) -> None:
        """Append a line that survives a crash. Raises CannotRecord."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                torn = file.read(1) not in (b"", b"\n")  # by a crash: what follows must not be read as its end
                file.write(b"\n" * torn + json.dumps(row, allow_nan=True).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise errors.CannotRecord(said("{path}: {value}", path=self.path, value=error.strerror or error)) from None


class Searching:
    """Runs a search to its end. `say` is told a line per step."""

    def __init__(self, search: Search, folder: Path, *, say: Callable[[str], None], token: str = "") -> None:
        self.search, self.folder, self.say, self.token = search, folder, say, token
        self.journal, self.progress = Journal(folder), Progress()
        self.profile = profile_of(search)
        self.unit = pages_per_second(self.profile)
        self.draw_offset = 0  # searches that are to be independent of each other take other arrivals

    def begin(self) -> None:
        """Write the header, or take up what a broken-off search has left. Raises UsageError if it was another one."""
        digests = [content.digest(path) for _, _, path in self.profile.sources] + self._beside()
        own = json.loads(json.dumps(header(self.search, digests)))
        if not self.journal.path.is_file():
            self.journal.write(own)
            return
        rows = self.journal.rows()
        known = rows[0] if rows else {}
        compared = own.keys() - {"budget_seconds", "name"}
        different = [name for name in own if name in compared and known.get(name) != own[name]]
        if different:
            raise errors.UsageError(
                said("{path}: another search ({names} differ)", path=self.journal.path, names=", ".join(different)),
                hint="the same profile, target and options, or a new --out",
            )
        with self.journal.taken_up():
            self._take_up(rows[1:])

    def _beside(self) -> list[str]:
        """The digests of what else decides what a step is: target file, driver, experiments of one's own."""
        search = self.search
        files = [Path(name.partition("@")[0]) for name in (search.target, search.driver, *search.chaos)]
        return [content.digest(path) for path in files if path.suffix in (".toml", ".json") and path.is_file()]

    def _take_up(self, rows: list[dict[str, Any]]) -> None:
        self.progress.number = max((row["number"] for row in rows), default=0)
        known = [row for row in rows if row["kind"] == "step" and row["state"] == "known"]
        again = superseded([Path(row["path"]).name for row in known])
        for row in known:
            if Path(row["path"]).name not in again:
                self._note(self._read(row["path"]))
        if rows:
            count = len(self.progress.steps)
            self.say(f"taking up {self.folder}: {count} step{'' if count == 1 else 's'} known")
            let_it_end(self.folder / rows[-1]["path"], self.say)

    def run(self) -> Progress:
        """Ask until the search stops. Raises EntsurgeError for what ends it; the journal then holds what is known."""
        ends = time.monotonic() + self.search.budget_seconds
        while True:
            progress = self.progress
            asked = following(progress.steps, progress.ceiling, self.search.settings)
            if isinstance(asked, Next) and time.monotonic() + step_seconds(self.search) > ends:
                asked = Stop("budget")
            if isinstance(asked, Stop):
                progress.stop = asked.why
                return progress
            if progress.steps and not progress.steps[-1].held:
                self._return(ends)
            step = self._step(asked.rate, asked.why, ends)
            self._note(step)

    def _note(self, step: Step) -> None:
        """Sort a step to the target's or to the generator's; say it."""
        (self.progress.ceilings if step.ceiling else self.progress.steps).append(step)
        sign = "?" if step.ceiling else "✓" if step.held else "✗"
        why = f"not to be believed: {say(step.ceiling, language())}" if step.ceiling else _why(step)
        self.say(
            f"{sign} {step.name}  {step.offered_pages:8.1f} pages/s offered {step.served_pages:8.1f} served  "
            f"×{step.rate:.3f} of the plan  margin {step.margin:+.2f}  {why}"
        )

    def _step(self, rate: float, why: str, ends: float) -> Step:
        """One step; one whose objectives were kept while its queue still grew is asked again, for twice as long."""
        step = self._ask(rate, why, self.search.hold_seconds)
        rising = not step.ceiling and step.margin == STILL_RISING
        if rising and time.monotonic() + step_seconds(self.search) + self.search.hold_seconds <= ends:
            self.say(f"  {step.name}: times were still rising when it ended; asked again for twice as long")
            step = self._ask(rate, "longer", 2 * self.search.hold_seconds)
        return step

    def _return(self, ends: float) -> None:
        """After a missed step: offer a rate known to be good until the target keeps its objectives again."""
        lowest = min(step.rate for step in self.progress.steps if not step.held)
        for _ in range(RETURNS):
            if time.monotonic() + back_seconds(self.search) + step_seconds(self.search) > ends:
                return
            step = self._ask(KNOWN_GOOD * lowest, "back", self.search.hold_seconds / 3)
            if step.held or step.ceiling:
                return
        self.progress.note("capacity.no-return", rate=round(KNOWN_GOOD * lowest, 3), n=RETURNS)
        self.say(f"  {say(self.progress.notes[-1], language())}")

    def _ask(self, rate: float, why: str, hold_seconds: float) -> Step:
        self.progress.number += 1
        number = self.progress.number
        name = f"{number:02d}-{why}-{rate:.3f}"
        path, kind = self.folder / "steps" / name, "back" if why == "back" else "step"
        self.journal.write({"kind": kind, "number": number, "rate": rate, "path": f"steps/{name}", "state": "begun"})
        code = run_engine(self._spec(path, rate, hold_seconds, number), token=self.token)
        if not is_run(path) or code in (
            *errors.ENDED, errors.NO_RECORD, errors.UNEXPECTED, errors.USAGE
        ):  # fmt: skip
            raise broken_off(name, code)
        row = {"kind": kind, "number": number, "rate": rate, "path": f"steps/{name}", "state": "known", "end": code}
        self.journal.write(row)
        return self._read(f"steps/{name}")

    def _spec(self, path: Path, rate: float, hold_seconds: float, number: int) -> RunSpec:
        search = self.search
        speed = Fraction(search.compression)
        scale = (Fraction(search.scale) * Fraction(rate)).limit_denominator(FINE)
        overrides: dict[str, Any] = {
            "scale": str(scale), "compression": search.compression, "arrivals": "poisson",
            "draw": self.draw_offset + number,
            "warm_up_minutes": math.ceil(search.warm_up_seconds * speed / 60),
            "steady_minutes": max(1, math.ceil(hold_seconds * speed / 60)),
            "drain_seconds": search.drain_seconds, **search.more,
        }  # fmt: skip
        if search.seed is not None:
            overrides["seed"] = search.seed
        return RunSpec(
            profile=search.profile, url=search.url, out=str(path), name=path.name, overrides=overrides,
            chaos=list(search.chaos), sources=list(search.sources), processes=search.processes, exporter_port=0,
            driver=search.driver, target=search.target, scrape=scraped(search.scrape), progress=False,
        )  # fmt: skip

    def _read(self, path: str) -> Step:
        """The step in a run directory. Raises InvalidMeasurement where nothing can be judged."""
        step = read_step(self.folder / path, self.unit)
        step = replace(step, used=used_by(self.search.resources, step))
        if math.isnan(step.margin) and not step.ceiling:
            raise errors.InvalidMeasurement(
                said("{path}: no required objective could be judged", path=path),
                hint="a profile with required objectives, and a --hold long enough for a few hundred pages",
            )
        return step


def _why(step: Step) -> str:
    """The objective nearest to its bound, or what ended the step; in the note's words where French is spoken."""
    if language() != FRENCH or not step.binding:
        return step.binding
    from entsurge.render.capacity import catalogue
    from entsurge.render.capacity_sentences import binding

    return binding(step.binding, catalogue(FRENCH))


def let_it_end(path: Path, say: Callable[[str], None]) -> None:
    """Wait until the process of a run that was broken off asks for nothing more. Raises UsageError where it goes on.

    Its command was killed: it notices within a second, and ends in order; its target is loaded until then.
    """
    limit, told = time.monotonic() + ENDING_SECONDS, False
    while under_way(path):
        if time.monotonic() > limit:
            raise errors.UsageError(
                said("{path}: this run, broken off, still goes on", path=path), hint="end the process in engine.pid"
            )
        if not told:
            say(said("{name} was broken off and is still ending: waiting for it", name=path.name))
        told = True
        time.sleep(LOOK_SECONDS)


def broken_off(name: str, code: int) -> BaseException:
    """What a run that left nothing to read means for its search; the journal holds what is known."""
    message, hint = f"{name}: the run ended with exit code {code}", "the same command with the same --out goes on"
    if code in errors.ENDED:
        return errors.Ended(code - 128)
    for kind in BROKEN_OFF:
        if kind.exit_code == code:
            return kind(message, hint=hint)
    return errors.EntsurgeError(message, hint=hint)


def write_result(folder: Path, result: CapacityReport) -> None:
    """Write capacity.json. Raises CannotRecord."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "capacity.json", as_data(result))
    except OSError as error:
        raise errors.CannotRecord(
            said("{value}: {value2}", value=folder / "capacity.json", value2=error.strerror or error)
        ) from None
