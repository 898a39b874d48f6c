"""A trial of measures at work: ordinary runs under one directory, block by block, a journal from which it goes on.

The trial's directory holds `measures.jsonl` (append-only: a header, how fast the target was at rest, a line when a run
begins and one when it is known) and `runs/<number>-<arm>/`, each an ordinary run directory. See docs/measures.md.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from entsurge import errors
from entsurge.analysis.measures.assessment import bought
from entsurge.analysis.measures.design import ALONE, Arm, Stage, arm_id, first_stage, order, second_stage
from entsurge.analysis.measures.served import RunOutcome, read_outcome
from entsurge.analysis.measures.trial_runs import TrialRun, TrialRuns
from entsurge.commands.searching import Journal
from entsurge.record.layout import TRIAL
from entsurge.render.saying import say
from entsurge.said import said
from entsurge.terminal import language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = 1
JOURNAL = TRIAL
TRIES = 2  # of a run that is not to be believed
FREE = frozenset({"blocks", "name"})  # what may be another when a trial goes on


@dataclass(frozen=True)
class Trial:
    """What is tried: `measures` by id, `files` as `--chaos` takes them; `pairs` is None for those of the best three."""

    profile: str
    url: str
    name: str
    measures: tuple[str, ...]
    files: tuple[str, ...]
    pairs: tuple[Arm, ...] | None
    blocks: int
    seed: int
    overrides: dict[str, Any] = field(default_factory=dict)
    driver: str = "portal"
    target: str = ""
    processes: int = 1
    sources: tuple[str, ...] = ()

    def header(self, digests: list[str]) -> dict[str, Any]:
        """The first line of the journal."""
        found: dict[str, Any] = json.loads(
            json.dumps({"format": FORMAT, "kind": "trial", "digests": digests, **asdict(self)})
        )
        return found


class Rest(Protocol):
    """Whether the target is as it was before the first run."""

    def seconds(self) -> float:
        """How long a first page takes at rest. Raises TargetUnreachable."""

    def wait(self, rest_seconds: float) -> bool:
        """Wait until a first page takes no longer than at rest; False where it never did in the time that is given."""


@dataclass
class Progress:
    """What a trial knows so far; `stop` is what ended it early, `unsettled` before how many runs it was not at rest.

    `broken_off` are the measures of the run in which it was killed, if it was: their leases may still hold; that run
    is in `broken_off_in`.
    """

    known: dict[tuple[str, int, Arm], list[TrialRun]] = field(default_factory=lambda: defaultdict(list))
    rest_seconds: float | None = None
    number: int = 0
    stop: str = ""
    unsettled: int = 0
    broken_off: tuple[str, ...] = ()
    broken_off_in: str = ""

    @property
    def runs(self) -> TrialRuns:
        """The last run of each arm in each block, by stage and block."""
        return TrialRuns([tries[-1] for tries in self.known.values()])

    def lacks(self, stage: str, block: int, arm: Arm) -> bool:
        """Whether an arm is still to be run in this block."""
        tries = self.known.get((stage, block, arm), [])
        return len(tries) < TRIES and all(each.outcome.broken is not None for each in tries)


class Measuring:
    """Runs a trial to its end. `run` makes one run in a directory, or raises; `say` is told a line a run."""

    def __init__(
        self, trial: Trial, folder: Path, *, run: Callable[[Path, Arm], None], rest: Rest, say: Callable[[str], None],
        read: Callable[[Path], RunOutcome] = read_outcome, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.trial, self.folder, self.say = trial, folder, say
        self._run, self._rest, self._read, self._clock = run, rest, read, clock
        self.journal, self.progress = Journal(folder, JOURNAL), Progress()

    def begin(self, digests: list[str]) -> None:
        """Write the header, or take up what a broken-off trial has left. Raises UsageError if it was another one."""
        header = self.trial.header(digests)
        if not self.journal.path.is_file():
            self.journal.write(header)
            return
        first, *rows = self.journal.rows() or [{}]
        different = [name for name in header if name not in FREE and first.get(name) != header[name]]
        if different:
            raise errors.UsageError(
                said("{path}: another trial ({names} differ)", path=self.journal.path, names=", ".join(different)),
                hint="the same profile, target and options, or a new --out",
            )
        with self.journal.taken_up():
            for row in rows:
                self._take_up(row)
        count = len(self.progress.runs.runs)
        known = "taking up {folder}: 1 run known" if count == 1 else "taking up {folder}: {n} runs known"
        self.say(said(known, folder=self.folder, n=count))

    def _take_up(self, row: dict[str, Any]) -> None:
        if row["kind"] == "rest":
            self.progress.rest_seconds = row["seconds"]
            return
        self.progress.number = max(self.progress.number, row["number"])
        self.progress.broken_off = tuple(row["arm"]) if row["state"] == "begun" else ()
        self.progress.broken_off_in = row["path"] if row["state"] == "begun" else ""
        self.progress.unsettled += not row.get("at_rest", True)
        if row["state"] == "known":
            self._note(row["stage"], row["block"], tuple(row["arm"]), row["path"])

    def go(self, ends: float = float("inf"), run_seconds: float = 0.0) -> Progress:
        """Run what is lacking, block by block, until all is known or a block would not be over by `ends` (the clock's).

        Raises EntsurgeError for what ends it; the journal then holds what is known.
        """
        for stage in self._stages():
            for block in range(1, self.trial.blocks + 1):
                lacking = [arm for arm in order(stage, block, self.trial.seed) if self._lacks(stage, block, arm)]
                if lacking and self._clock() + run_seconds * len(lacking) > ends:
                    self.progress.stop = "budget"
                    return self.progress
                for arm in lacking:
                    while self._lacks(stage, block, arm):
                        self._try(stage, block, arm)
        return self.progress

    def _lacks(self, stage: Stage, block: int, arm: Arm) -> bool:
        return self.progress.lacks(stage.name, block, arm)

    def _stages(self) -> Iterator[Stage]:
        """The measures alone; then the pairs of those that bought most, unless pairs were named."""
        yield first_stage(self.trial.measures, self.trial.pairs or ())
        if self.trial.pairs is None:
            second = second_stage(bought(self.progress.runs.of_stage(ALONE)))
            if second is not None:
                self.say(
                    f"pairs of {', '.join(arm_id(arm) for arm in second.arms if len(arm) == 1)}: the largest estimates"
                )
                yield second

    def _try(self, stage: Stage, block: int, arm: Arm) -> None:
        at_rest = self._settle()
        self.progress.number += 1
        number = self.progress.number
        path = f"runs/{number:03d}-{_file_name(arm)}"
        row = {"kind": "run", "number": number, "stage": stage.name, "block": block, "arm": list(arm), "path": path}
        self.journal.write(row | {"state": "begun", "at_rest": at_rest})
        self._run(self.folder / path, arm)
        self.journal.write(row | {"state": "known"})
        self._note(stage.name, block, arm, path)
        self._tell(stage, block, self.progress.known[stage.name, block, arm][-1])

    def _settle(self) -> bool:
        """Bring the target to rest: as fast as it was before the first run."""
        if self.progress.rest_seconds is None:
            self.progress.rest_seconds = self._rest.seconds()
            self.journal.write({"kind": "rest", "seconds": self.progress.rest_seconds})
        at_rest = self._rest.wait(self.progress.rest_seconds)
        if not at_rest:
            self.progress.unsettled += 1
            self.say("  the target is not yet as fast as before the first run; going on all the same")
        return at_rest

    def _note(self, stage: str, block: int, arm: Arm, path: str) -> None:
        """Keep what a run gave. Raises InvalidMeasurement where its plan is another than that of the runs before."""
        outcome = self._read(self.folder / path)
        first = next((tries[0].outcome for tries in self.progress.known.values() if tries), outcome)
        if outcome.digest != first.digest:
            raise errors.InvalidMeasurement(
                said(
                    "{path}: its plan is another ({digest}, not {digest2})",
                    path=path,
                    digest=outcome.digest[:12],
                    digest2=first.digest[:12],
                ),
                hint="nothing of the profile may change while a trial goes on",
            )
        self.progress.known[stage, block, arm].append(TrialRun(stage, block, arm, path, outcome))

    def _tell(self, stage: Stage, block: int, run: TrialRun) -> None:
        outcome = run.outcome
        if outcome.broken is not None:
            why = say(outcome.broken, language())
            self.say(said("? {path}  not to be believed: {why}", path=run.path, why=why))
            return
        served = {name in outcome.protected: 0 for name in outcome.personas} | {True: 0, False: 0}
        for name, of in outcome.personas.items():
            served[name in outcome.protected] += of.pages
        self.say(
            said(
                "· {stage} block {block} of {blocks}  {arm}: pages in time: {protected} protected, {others} others",
                stage=stage.name, block=block, blocks=self.trial.blocks, arm=arm_id(run.arm) or said("none"),
                protected=served[True], others=served[False],
            )
        )  # fmt: skip


def _file_name(arm: Arm) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-and-".join(arm).lower()).strip("-")[:80] or "none"
