"""A trial of measures as the command line asks for it: planned and said beforehand, run, and what comes of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import content, errors
from entsurge.analysis.measures.design import most_runs
from entsurge.analysis.measures.report import About, measures_report
from entsurge.analysis.paired import FEWEST_BLOCKS
from entsurge.audience import profile as profiles
from entsurge.commands.measures_offered import Offered, offered, reasons
from entsurge.commands.measuring import Measuring, Progress, Trial
from entsurge.commands.options import cast
from entsurge.commands.perturbed import Front, perturbed
from entsurge.commands.processes import run_engine
from entsurge.commands.rest import first_page
from entsurge.commands.searching import broken_off, let_it_end
from entsurge.engine.spec import ADMIN_TOKEN, RunSpec
from entsurge.engine.target_access import access
from entsurge.findings.measures import LeftOut
from entsurge.plan.summary import window_load
from entsurge.record.layout import is_run
from entsurge.said import said
from entsurge.targets import file as targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.analysis.measures.design import Arm
    from entsurge.audience.profile import Profile
    from entsurge.bilingual import Title
    from entsurge.chaos.experiment import Experiment
    from entsurge.client.access import Access
    from entsurge.commands.targets import Chosen
    from entsurge.findings.measures import MeasuresReport
    from entsurge.findings.statement import Title as Told

OVERHEAD_SECONDS = 8.0  # of a run: its processes, and the probe of the target


@dataclass(frozen=True)
class Planned:
    """A trial before its first run. `run_seconds` is what a run takes at most; `budget` in minutes, None for no end."""

    trial: Trial
    loaded: Profile
    found: Offered
    access: Access
    chosen: Chosen
    blocks_asked: int
    budget: float | None

    @classmethod
    def of(
        cls, profile: str, chosen: Chosen, measures: tuple[str, ...], *, pairs: str | None, blocks: int,
        budget: float | None, overrides: dict[str, Any], processes: int, sources: tuple[str, ...],
    ) -> Planned:  # fmt: skip
        """The trial that the options ask for; `pairs`: `a+b,c+d`, empty for none, None for those of the best three.

        Raises UsageError for what cannot be tried, before anything is touched.
        """
        replay = overrides | {"measures": False}
        loaded = _load(profile, replay)
        policy = access(targets.load(Path(chosen.file)) if chosen.file else None)
        first_page(chosen.url, policy).answers()
        found = offered(measures, chosen.url, policy)
        files = tuple(_whole_run(one) for one in found.measures)
        cast(loaded, {}, files)
        wanted = None if pairs is None else _pairs(pairs, found.measures)
        trial = Trial(
            profile=profile, url=chosen.url, name=chosen.name, driver=chosen.driver, target=chosen.file,
            measures=tuple(one.id for one in found.measures), files=files, pairs=wanted,
            blocks=blocks_within(len(files), wanted, blocks, budget, seconds_of_a_run(loaded)),
            seed=loaded.file.replay.seed, overrides=replay, processes=processes, sources=sources,
        )  # fmt: skip
        return cls(trial, loaded, found, policy, chosen, blocks, budget)

    @property
    def run_seconds(self) -> float:
        """What a run takes at most, the target at rest."""
        return seconds_of_a_run(self.loaded)

    @property
    def most_runs(self) -> int:
        """How many runs there are at most."""
        trial = self.trial
        return most_runs(len(trial.measures), None if trial.pairs is None else len(trial.pairs), trial.blocks)

    def digests(self) -> list[str]:
        """Of every file that decides what a run is."""
        files = [path for _, _, path in self.loaded.sources] + [Path(one.path) for one in self.found.measures]
        named = (self.trial.target, self.trial.driver)
        return [content.digest(path) for path in (*files, *(Path(name) for name in named if name.endswith(".toml")))]


def _load(profile: str, replay: dict[str, Any]) -> Profile:
    loaded = profiles.load(profile, overrides=replay)
    if loaded.file.day and replay.get("day") is None:
        raise errors.UsageError(said("{profile}: has days of its own", profile=profile), hint="--day 1: one of them")
    if not loaded.protected:
        raise errors.UsageError(
            said("{profile}: no persona is protected: a measure would buy nothing for anybody", profile=profile)
        )
    return loaded


def _whole_run(one: Experiment) -> str:
    """What `--chaos` is given so that a measure is in force from the begin, whatever its file says of its time."""
    return f"{one.path}@0s" if one.span.start or one.span.length else one.path


def _pairs(text: str, measures: list[Experiment]) -> tuple[Arm, ...]:
    """`a+b,c+d` as pairs of the measures that are tried. Raises UsageError."""
    known, found = [one.id for one in measures], []
    for each in text.split(",") if text else []:
        pair = tuple(name.strip() for name in each.split("+"))
        if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(known):
            raise errors.UsageError(
                said("--pairs {each}: expected two of {names}, such as a+b", each=each, names=", ".join(known))
            )
        found.append((min(pair, key=known.index), max(pair, key=known.index)))
    return tuple(dict.fromkeys(found))


def seconds_of_a_run(loaded: Profile) -> float:
    """What one run of the profile takes at most, target at rest."""
    window = window_load(loaded)
    drain = loaded.file.replay.drain_seconds
    return float(window["warm_up_seconds"] + window["run_seconds"] + drain + OVERHEAD_SECONDS)


def blocks_within(
    measures: int, pairs: tuple[Arm, ...] | None, blocks: int, budget: float | None, run_seconds: float
) -> int:
    """As many blocks as were asked for and the budget (minutes) allows. Raises UsageError where it allows none."""
    if budget is None:
        return blocks
    block_seconds = run_seconds * most_runs(measures, None if pairs is None else len(pairs), 1)
    allowed = int(60 * budget / block_seconds)
    if allowed < 1:
        raise errors.UsageError(
            said(
                "a budget of {budget:g} min allows no block of {value:.1f} min", budget=budget, value=block_seconds / 60
            ),
            hint="fewer --measure, --no-pairs, a higher --compression, or a longer --budget",
        )
    return min(blocks, allowed)


def announcement(planned: Planned, folder: Path) -> list[str]:
    """What is said before anything is sent: runs, minutes, what is left out, whether intervals can be expected."""
    trial, runs, seconds = planned.trial, planned.most_runs, planned.most_runs * planned.run_seconds
    ends = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    lines: list[str] = [said("left out: {line}", line=line) for line in reasons(planned.found.left_out).splitlines()]
    lines += [
        said("{profile} against {url}: none, {names}", profile=trial.profile, url=trial.url,
             names=", ".join(trial.measures)),
        said(
            "1 block, at most {runs} runs of {seconds:.0f} s: {minutes:.0f} min, over by {ends}"
            if trial.blocks == 1
            else "{blocks} blocks, at most {runs} runs of {seconds:.0f} s: {minutes:.0f} min, over by {ends}",
            blocks=trial.blocks, runs=runs, seconds=planned.run_seconds, minutes=seconds / 60, ends=ends,
        ),
        said("trial: {folder}", folder=folder),
    ]  # fmt: skip
    if trial.blocks < planned.blocks_asked:
        few = {"blocks": trial.blocks, "asked": planned.blocks_asked}
        lines.append(said("the budget allows {blocks} blocks of {asked}", **few))
    if trial.blocks < FEWEST_BLOCKS:
        of = {"blocks": trial.blocks, "fewest": FEWEST_BLOCKS}
        one = "INCONCLUSIVE beforehand: 1 block gives no interval, which takes {fewest}; exit 4"
        some = "INCONCLUSIVE beforehand: {blocks} blocks give no interval, which takes {fewest}; exit 4"
        lines.append(said(one if trial.blocks == 1 else some, **of))
    return lines


def go(planned: Planned, folder: Path, say: Callable[[str], None]) -> Progress:
    """Run the trial, or what is lacking of it. Raises EntsurgeError for what ends it."""
    trial = planned.trial
    with perturbed(trial.files, planned.chosen) as front:
        rest = first_page(trial.url, planned.access)
        measuring = Measuring(trial, folder, run=_runner(trial, front), rest=rest, say=say)
        measuring.begin(planned.digests())
        if measuring.progress.broken_off_in:
            let_it_end(folder / measuring.progress.broken_off_in, say)
        _let_leases_end(planned, measuring.progress.broken_off, say)
        ends = float("inf") if planned.budget is None else time.monotonic() + 60 * planned.budget
        return measuring.go(ends, planned.run_seconds)


def _let_leases_end(planned: Planned, measures: tuple[str, ...], say: Callable[[str], None]) -> None:
    """After a run that was broken off, what it left in force to end by itself may last as long as a lease."""
    leases = [one.extension.lease_seconds for one in planned.found.measures if one.id in measures]
    if leases:
        told = "a run with {names} was broken off: waiting {seconds:.0f} s for its leases to end"
        say(said(told, names=", ".join(measures), seconds=max(leases)))
        time.sleep(max(leases))


def _runner(trial: Trial, front: Front) -> Callable[[Path, Arm], None]:
    """Makes one run. Raises what a run that leaves nothing to read means for the trial."""
    files = dict(zip(trial.measures, trial.files, strict=True))

    def run(path: Path, arm: Arm) -> None:
        spec = RunSpec(
            profile=trial.profile, url=trial.url, out=str(path), name=path.name, overrides=trial.overrides,
            chaos=[files[each] for each in arm], driver=trial.driver, target=trial.target, sources=list(trial.sources),
            processes=trial.processes, exporter_port=0, progress=False,
            edge=list(front.edge), edge_authority=front.authority,
        )  # fmt: skip
        code = run_engine(spec, token=os.environ.get(ADMIN_TOKEN, ""), prefix=front.prefix)
        if code not in (errors.PASS, errors.INVALID) or not is_run(path):
            raise broken_off(path.name, code)

    return run


def report(planned: Planned, progress: Progress, limit_percent: float) -> MeasuresReport:
    """What came of a trial; a persona may lose `limit_percent` of its pages."""
    trial, loaded = planned.trial, planned.loaded
    replay, window = loaded.file.replay, loaded.file.window
    about = About(
        name=Path(trial.profile).stem, title=_said(loaded.file.title), target=trial.name, profile=trial.profile,
        scale=Fraction(replay.scale), compression=float(replay.compression),
        window={"day": window.day, "from": window.begin, "to": window.end}, seed=trial.seed,
        personas=list(loaded.personas.values()), blocks_asked=planned.blocks_asked, limit_percent=limit_percent,
        titles={one.id: _said(one.extension.title) for one in planned.found.measures},
        left_out=[
            LeftOut(each.experiment.id, _said(each.experiment.extension.title), each.why)
            for each in planned.found.left_out
        ],
    )  # fmt: skip
    return measures_report(about, progress.runs, stop=progress.stop, unsettled=progress.unsettled)


def _said(title: Title) -> Told:
    return {"fr": title["fr"], "en": title["en"]}
