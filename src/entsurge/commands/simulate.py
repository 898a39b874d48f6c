"""`entsurge simulate`: the same plan on a deployment that is described on paper; its result is a run directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from entsurge import errors
from entsurge.audience import profile as profiles
from entsurge.audience.shape import DAYS
from entsurge.commands import complete
from entsurge.commands.beside import Beside
from entsurge.commands.json_output import json_option
from entsurge.commands.judge import judge
from entsurge.commands.options import RUNS, by_persona, cast, new_run_folder, overrides, replay_options, unused
from entsurge.commands.sweep import asked_for, only_with_a_sweep, sweep, sweep_options
from entsurge.plan.enough import too_thin
from entsurge.terminal import echo, lang_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.audience.profile import Profile
    from entsurge.simulation.manifest import Subject


class Simulate(Beside):
    """`entsurge simulate PROFILE`, and beside it `entsurge simulate fit`."""

    others: ClassVar = {"fit": "entsurge.commands.simulate_fit"}


@click.command(
    "simulate",
    cls=Simulate,
    epilog="Examples: entsurge simulate lockdown-2020 --on embedded-ent · "
    "entsurge simulate lockdown-2020 --on ./ours.toml --scale 1 --compression 1 --week · "
    "entsurge simulate lockdown-2020 --on embedded-ent --measure static-home · "
    "entsurge simulate lockdown-2020 --on embedded-ent --sweep nodes=1..4 --sweep measures=none,static-home "
    "--cost node=180 --lucks 5",
)
@click.argument("profile", shell_complete=complete.profiles_or(*Simulate.others))
@click.option(
    "--on",
    "deployment",
    shell_complete=complete.deployments,
    required=True,
    metavar="NAME|FILE",
    help="The deployment, such as embedded-ent.",
)
@click.option(
    "--measure",
    shell_complete=complete.simulated_measures,
    multiple=True,
    metavar="NAME",
    help="A measure in force all the time; repeatable.",
)
@click.option("--from", "begin", metavar="HH:MM", help="Begin the window then, in place of the profile's.")
@click.option("--until", metavar="HH:MM", help="End the window then.")
@click.option("--week", is_flag=True, help="The seven days of the week, each whole and a run of its own.")
@click.option("--luck", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Seed of service times; the plan's else.")
@click.option("--schools", type=click.IntRange(1, 10_000), metavar="N",
              help="Schools of the population; more accounts where a larger --scale needs them.")  # fmt: skip
@click.option("--scenario", multiple=True, metavar="PERSONA=FILE", help="A scenario file of your own for a persona.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="The run directory (default: runs/<utc>-<profile>)."
)
@click.option("--quiet", is_flag=True, help="No progress.")
@sweep_options
@json_option
@replay_options
@lang_option
def command(
    *, profile: str, deployment: str, measure: tuple[str, ...], begin: str | None, until: str | None, week: bool,
    luck: int | None, scenario: tuple[str, ...], out: Path | None, quiet: bool, swept: tuple[str, ...], lucks: int,
    costs: tuple[str, ...], currency: str | None, at_most: int, as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """Simulate PROFILE on a deployment on paper; exits as `entsurge gate` would. Nothing is sent to anybody.

    The same visits, pages, gaps, retries and patience as `entsurge run`. Everything that reads a run reads the result,
    which says everywhere that it is simulated. A profile of several days is simulated in turn.

    With --sweep many deployments are simulated over common random numbers: what each node, measure or hour buys, and
    the cheapest that holds (sweep.json, a page in both languages). Exit 0: one holds; 3: none does; 4: not to be told.

    A deployment is fitted from runs by `entsurge simulate fit RUN… --out FILE`.
    """
    from entsurge.simulation.deployment import find
    from entsurge.simulation.run import subject

    path = find(deployment)
    if swept:
        if week:
            raise errors.UsageError("--sweep: of one window, not of a --week")
        asked = asked_for(
            profile, path, swept, changes=overrides(**given), begin=begin, until=until, lucks=lucks, at_most=at_most,
            always=measure, scenarios=by_persona(scenario), seed=luck,
        )  # fmt: skip
        folder = unused(out) if out else new_run_folder(f"sweep-{Path(profile).stem}", RUNS)
        return sweep(asked, folder, costs=costs, currency=currency, quiet=quiet, as_json=as_json)
    only_with_a_sweep()
    folder = unused(out, "day-01") if out else new_run_folder(Path(profile).stem, RUNS)
    loaded = list(days(profile, overrides(**given), begin, until, week=week))
    files = by_persona(scenario)
    deferred = cast(loaded[0], files)
    if not week:
        for thin in too_thin(loaded[0], deferred):
            echo(f"entsurge: too small to tell: {thin.sentence}", err=True)
    subjects = [subject(each, path, measures=measure, scenarios=files, seed=luck) for each in loaded]
    outs = [folder] if len(subjects) == 1 else [folder / f"day-{n:02d}" for n in range(1, len(subjects) + 1)]
    ends = [_simulate(each, where, quiet=quiet) for each, where in zip(subjects, outs, strict=True)]
    return judge(outs, folder, engine_codes=[errors.INVALID for end in ends if end != "completed"], as_json=as_json)


def days(name: str, changes: dict[str, Any], begin: str | None, until: str | None, *, week: bool) -> Iterator[Profile]:
    """The profile, or each of its days, or each day of the week. Raises UsageError."""
    first = profiles.load(name, overrides=changes)
    window = first.file.window
    asked = {"day": window.day, "from": begin or window.begin, "to": until or window.end}
    if week:
        if begin or until or first.file.day:
            raise errors.UsageError("--week: the whole of seven days; without --from, --until, or days of the profile")
        for day in DAYS:
            whole = {"window": {"day": day, "from": "00:00", "to": "24:00"}, "warm_up_minutes": 0}
            yield profiles.load(name, overrides=changes | whole)
    elif first.file.day and changes.get("day") is None:
        for number in range(1, len(first.file.day) + 1):
            yield profiles.load(name, overrides=changes | {"window": asked, "day": number})
    else:
        yield profiles.load(name, overrides=changes | {"window": asked}) if begin or until else first


def _simulate(of: Subject, out: Path, *, quiet: bool) -> str:
    """One simulation into a run directory; how it ended."""
    from entsurge.record.writer import RunDirectory
    from entsurge.simulation.run import Simulation

    directory = RunDirectory(out)
    shown = None if quiet or not sys.stderr.isatty() else of.profile.file.window.day
    try:
        end = Simulation(of, directory, progress=_told(shown)).run()
    finally:
        directory.close()
    if not quiet:
        click.echo(f"{'':80}\r" if shown else "", nl=False, err=True)
        echo(f"entsurge: simulated {of.profile.name} on {of.name}: {end}: {out}", err=True)
    return end


def _told(day: str | None) -> Any:
    """Who is told how far it is: a line that is written over, on a terminal."""

    def say(share: float) -> None:
        if day is not None:
            click.echo(f"\rsimulating {day}: {share:4.0%}", nl=False, err=True)

    return say
