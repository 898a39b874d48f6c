"""`entsurge demo`: the main job on the embedded ENT, three runs and one report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from entsandbox.load.computed_capacity import MORNING, Capacity, capacity
from entsandbox.settings import Settings
from entsurge import errors
from entsurge.audience import profile as profiles
from entsurge.audience.shape import SERVICES
from entsurge.commands.endings import Ending, leaves_a_verdict
from entsurge.commands.json_output import json_option
from entsurge.commands.options import RUNS, new_run_folder, unused
from entsurge.commands.processes import run_engine, sandbox
from entsurge.engine.spec import RunSpec
from entsurge.habits import quiet as quiet_asked
from entsurge.plan.summary import window_load
from entsurge.record.layout import is_run
from entsurge.terminal import echo

WORKERS = 16
# Five rounds of workers may wait; beyond that a page is refused, as real servers do rather than queue for ever.
QUEUE_LIMIT = 5 * WORKERS
DECLARED_SHARE = 0.82
SIGN_ON_SHARE = 0.5
MEASURES = ("pupils-and-teachers-first", "static-home")


@dataclass(frozen=True)
class Act:
    """One run of the demo and the verdict that it should end with."""

    name: str
    profile: str
    expected: str
    chaos: tuple[str, ...] = ()


ACTS = (
    Act("ordinary-week", "ordinary-week", "PASS"),
    Act("lockdown-2020", "lockdown-2020", "FAIL"),
    Act("lockdown-2020-measures", "lockdown-2020", "PASS", MEASURES),
)


def demo_settings(lockdown: profiles.Profile) -> Settings:
    """A sandbox whose declared capacity is 82 % of the pages per second that the lockdown window plans.

    The page seconds follow from that by computation: capacity is inversely proportional to them.
    """
    people, replay = lockdown.file.population, lockdown.file.replay
    wanted = DECLARED_SHARE * window_load(lockdown)["total"]["pages_per_second"]

    def settings(page_seconds: float) -> Settings:
        return Settings(
            workers=WORKERS,
            default_seconds=page_seconds,
            service_seconds={"sign-on": SIGN_ON_SHARE * page_seconds},
            pool=WORKERS,
            queue_limit=QUEUE_LIMIT,
            compression=float(replay.compression),
            seed=replay.seed,
            academies=people.academies,
            schools=people.schools,
            classes_per_school=people.classes_per_school,
            pupils_per_class=people.pupils_per_class,
            personas=tuple(lockdown.personas.values()),
        )

    reference = capacity_for(settings(1.0), lockdown)
    return settings(reference.pages_per_second / wanted)


def capacity_for(
    settings: Settings, profile: profiles.Profile, measures: frozenset[str] = frozenset(), *, hour: float = MORNING
) -> Capacity:
    """What such a sandbox can take of this profile's mix and visits, by computation."""
    mixes = profile.mixes
    return capacity(
        settings,
        {name: {each: float(mixes.mix(name).page_share(each)) for each in SERVICES} for name in mixes.personas},
        {name: float(mixes.visit_share(name)) for name in mixes.personas},
        float(profile.week.pages_per_visit),
        measures,
        visit_seconds=60 * float(profile.week.minutes_per_visit) / settings.compression,
        hour=hour,
    )


@click.command("demo", epilog="Example: entsurge demo --out runs/first-try")
@click.option("--out", type=click.Path(file_okay=False), help="Folder for the three runs (default: runs/<utc>-demo).")
@click.option("--quiet", is_flag=True, help="No progress.")
@json_option
@leaves_a_verdict
def command(*, ending: Ending, out: str | None, quiet: bool, as_json: bool) -> int:
    """Replay Monday 09:00-09:30 on the embedded ENT: ordinary week, lockdown, lockdown with measures.

    Takes about five minutes; exits 0 when the verdicts are PASS, FAIL and PASS for pupils and teachers.
    """
    folder = unused(Path(out), *(act.name for act in ACTS)) if out else new_run_folder("demo", RUNS)
    lockdown = profiles.load("lockdown-2020")
    settings = demo_settings(lockdown)
    _introduce(settings, lockdown, as_json=as_json)
    runs: list[Path] = []
    codes: list[int] = []
    for act in ACTS:
        path = folder / act.name
        codes.append(_play(act, path, settings, ending, quiet=quiet, as_json=as_json))
        if is_run(path):
            runs.append(path)
        if codes[-1]:
            break
    return _conclude(runs, folder, codes, as_json=as_json)


def _say(words: str, *, as_json: bool) -> None:
    """What is no result: on standard error where stdout has a document, nowhere where quiet was asked for."""
    if not quiet_asked():
        echo(words, err=as_json)


def _introduce(settings: Settings, lockdown: profiles.Profile, *, as_json: bool) -> None:
    window = window_load(lockdown)
    takes = capacity_for(settings, lockdown)
    with_measures = capacity_for(settings, lockdown, frozenset(MEASURES))
    used = window["total"]["visits_per_second"] / with_measures.visits_per_second
    _say(
        f"Monday 09:00-09:30 of the high schools of Auvergne-Rhône-Alpes, scale {window['scale']}, "
        f"compression {window['compression']}: {window['run_seconds']:.0f} s a run.\n"
        f"The lockdown plans {window['total']['pages_per_second']:.1f} pages/s. The embedded ENT can take "
        f"{takes.pages_per_second:.1f} by computation ({settings.workers} workers, "
        f"{settings.default_seconds:.3f} s a page);\nwith {' and '.join(MEASURES)}, what is admitted needs "
        f"{used:.0%} of it.",
        as_json=as_json,
    )


def _play(act: Act, path: Path, settings: Settings, ending: Ending, *, quiet: bool, as_json: bool) -> int:
    chosen = f" with {', '.join(act.chaos)}" if act.chaos else ""
    _say(f"\n{act.name}{chosen}, expected {act.expected}", as_json=as_json)
    with sandbox(settings.to_json()) as (url, token):
        spec = RunSpec(
            profile=act.profile, url=url, out=str(path), name=act.name, chaos=list(act.chaos), progress=not quiet,
            exporter_port=0, target_name="sandbox",
        )  # fmt: skip
        return run_engine(spec, token=token, ending=ending)


def _conclude(runs: list[Path], folder: Path, codes: list[int], *, as_json: bool) -> int:
    from entsurge.commands.judge import judge  # pandas is loaded only when there is something to judge

    if runs:
        _say("", as_json=as_json)
        judge(runs, folder, engine_codes=codes, as_json=as_json)
    if any(codes):
        return errors.exit_code(codes)
    verdicts = [json.loads((path / "verdict.json").read_text(encoding="utf-8"))["verdict"] for path in runs]
    expected = [act.expected for act in ACTS]
    echo(f"verdicts: {', '.join(verdicts)}; expected: {', '.join(expected)}", err=as_json)
    if verdicts == expected:
        return errors.PASS
    if "INVALID" in verdicts:
        return errors.INVALID
    unexpected = any(one == "FAIL" != other for one, other in zip(verdicts, expected, strict=False))
    return errors.INVALID if "INCONCLUSIVE" in verdicts and not unexpected else errors.MISSED
