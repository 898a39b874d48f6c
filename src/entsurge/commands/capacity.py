"""`entsurge capacity`: how much the target can take, how sure that is, and whether it is enough."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from entsurge import errors
from entsurge.audience import profile as profiles
from entsurge.commands import complete
from entsurge.commands.options import FiniteRange, new_run_folder, overrides
from entsurge.commands.targets import choose
from entsurge.engine.spec import ADMIN_TOKEN
from entsurge.habits import quiet
from entsurge.record.layout import is_run
from entsurge.render.saying import say
from entsurge.render.swept import Swept
from entsurge.said import said
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import echo, lang_option, language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.capacity.search import Progress
    from entsurge.findings.capacity import CapacityReport
    from entsurge.findings.search import Search

FOLDER = "runs"
VISITS_OF_WARM_UP, VISITS_OF_DRAIN = 2.0, 2.5
OF_EARLIER = {
    "as_json", "quiet", "verbose", "from_runs", "what_if", "nodes", "schools", "out", "resource", "scale", "simulated",
}  # fmt: skip
OFTEN = 2  # a budget is reckoned with the longest that a step may take; most take less


@click.command(
    "capacity",
    epilog="Examples: entsurge capacity lockdown-2020 --target http://127.0.0.1:8080 · "
    "entsurge capacity lockdown-2020 --target http://127.0.0.1:8080 --budget 30 --what-if --nodes 3 · "
    "entsurge capacity --from runs/monday --from runs/tuesday …",
)
@click.argument("profile", required=False, shell_complete=complete.profiles)
@click.option(
    "--target", shell_complete=complete.files, metavar="URL|FILE", help="A loopback address, or a target file (TOML)."
)
@click.option(
    "--driver",
    shell_complete=complete.drivers,
    metavar="NAME|FILE",
    help="The product, or a driver in TOML; default: portal.",
)
@click.option("--from", "from_runs", multiple=True, type=click.Path(path_type=Path), metavar="RUN",
              shell_complete=complete.runs,
              help="Runs already made, in place of a search; a search directory stands for its steps.")  # fmt: skip
@click.option("--what-if", is_flag=True, help="Set the week's demand, and surges ×1 to ×5, against the capacity.")
@click.option("--budget", type=FiniteRange(0.5, 24 * 60), default=30.0, show_default=True, metavar="MINUTES",
              help="The search ends within this time.")  # fmt: skip
@click.option("--hold", type=FiniteRange(5, 3600), default=60.0, show_default=True, metavar="SECONDS",
              help="How long a step is held after its warm-up.")  # fmt: skip
@click.option("--warm-up", type=FiniteRange(1, 3600), metavar="SECONDS",
              help="Left out of each step (default: twice a visit's length, and 5 s).")  # fmt: skip
@click.option("--start", type=FiniteRange(1 / 64, 64), default=0.5, show_default=True, metavar="FACTOR",
              help="Where to begin, as a multiple of the profile's window.")  # fmt: skip
@click.option("--highest", type=FiniteRange(1 / 64, 64), default=64.0, show_default=True, metavar="FACTOR",
              help="Where to stop raising.")  # fmt: skip
@click.option("--tolerance", type=FiniteRange(0.005, 0.5), default=0.07, show_default=True,
              help="Half the interval asked for, as a share.")  # fmt: skip
@click.option("--nodes", type=click.IntRange(2, 1000), help="Nodes the target has: asks what one fewer would do.")
@click.option("--schools", type=click.IntRange(1, 100_000),
              help="Schools that the profile's figures stand for: asks what two more would do.")  # fmt: skip
@click.option(
    "--chaos",
    shell_complete=complete.experiments,
    multiple=True,
    metavar="EXPERIMENT",
    help="A measure or fault in force in every step.",
)
@click.option("--source", multiple=True, metavar="ADDRESS", help="Addresses that visitors come from; repeatable.")
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="Worker processes.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="The search directory (default: runs/<utc>-capacity-<profile>); an old one goes on.")  # fmt: skip
@click.option("--scrape", multiple=True, type=(str, str), metavar="URL SERIES",
              help="The target's own Prometheus metrics in every step, as of `entsurge run`; repeatable.")  # fmt: skip
@click.option("--resource", multiple=True, metavar="NAME=SERIES/LIMIT",
              help="A gauge of the target and its limit, e.g. workers=entsandbox_workers_busy/16.")  # fmt: skip
@click.option("--scale", metavar="SHARE",
              help="Of production, what the platform is taken to be: what a factor of 1 means (default: the profile's; "
              "of runs already made, theirs).")  # fmt: skip
@click.option("--compression", metavar="FACTOR", help="By how much time is shortened (default: the profile's).")
@click.option("--seed", type=int, metavar="N", help="Seed of the population.")
@click.option("--json", "as_json", is_flag=True, help="The result on standard output as JSON; progress on the other.")
@click.option("--simulated", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="sweep.json of `entsurge simulate --sweep`: a section of the note says what it found.")  # fmt: skip
@lang_option
@lasting_streams()
def command(
    *, profile: str | None, target: str | None, from_runs: tuple[Path, ...], what_if: bool, nodes: int | None,
    schools: int | None, out: Path | None, as_json: bool, simulated: Path | None, **given: Any,
) -> int:  # fmt: skip
    """Find the highest rate of PROFILE's mix that the target takes within its required objectives.

    Rates are raised by steps until an objective is missed, halved, and repeated around the boundary until its interval
    is narrow enough or the budget is used up. Exit 0: a number with an interval; 3: missed at the lowest rate; 4: the
    generator gave out first, or nothing was ever missed.
    """
    if bool(from_runs) == bool(target):
        raise errors.UsageError(
            "either --target URL, to search, or --from RUN, to read runs already made",
            hint="entsurge capacity lockdown-2020 --target http://127.0.0.1:8080",
        )
    swept = Swept.read(simulated) if simulated else None
    if target:
        if out is not None and is_run(out):
            raise errors.UsageError(said("{out}: holds a run", out=out), hint="name another folder with --out")
        if not profile:
            raise errors.UsageError("which profile is to be searched with?", hint="such as lockdown-2020")
        folder = out or new_run_folder(f"capacity-{Path(profile).stem}", FOLDER)
        search = plan_search(profile, target, **given)
        progress = _search(search, folder, as_json=as_json)
    else:
        from entsurge.commands.earlier import read_earlier

        _only_of_a_search()
        folder, search, progress = read_earlier(from_runs, profile, out, given["resource"], given["scale"])
    return conclude(
        search, progress, folder, what_if=what_if, nodes=nodes, schools=schools, earlier=from_runs, as_json=as_json,
        swept=swept,
    )  # fmt: skip


def _only_of_a_search() -> None:
    """Raise UsageError for options that runs already made cannot heed."""
    context = click.get_current_context()
    asked = [
        max(option.opts, key=len)
        for option in context.command.params
        if isinstance(option, click.Option)
        and option.name not in OF_EARLIER
        and option.name is not None
        and context.get_parameter_source(option.name) == ParameterSource.COMMANDLINE
    ]
    if asked:
        raise errors.UsageError(
            said("{names}: of no effect on runs already made", names=", ".join(asked)),
            hint="leave it out, or search with --target",
        )


def plan_search(
    profile: str, target: str, *, budget: float, hold: float, warm_up: float | None, start: float, highest: float,
    tolerance: float, chaos: tuple[str, ...], source: tuple[str, ...], processes: int, scale: str | None,
    compression: str | None, seed: int | None, driver: str | None, scrape: tuple[tuple[str, str], ...],
    resource: tuple[str, ...],
) -> Search:  # fmt: skip
    """The search that the options ask for. Raises UsageError when the budget allows no six steps."""
    from entsurge.commands.searching import step_seconds, steps_within
    from entsurge.findings.search import Search, Settings

    chosen = choose(target, driver)
    loaded = profiles.load(profile, overrides=overrides(scale=scale, compression=compression, seed=seed))
    if not any(each.required for each in loaded.file.objective):
        raise errors.UsageError(
            said("{profile}: no required objective", profile=profile), hint="capacity is the rate that meets them"
        )
    replay = loaded.file.replay
    visit = float(loaded.week.minutes_per_visit * 60 / replay.compression)
    warm = warm_up or VISITS_OF_WARM_UP * visit + 5
    drain = math.ceil(max(3.0, VISITS_OF_DRAIN * visit))

    def search(steps: int) -> Search:
        return Search(
            profile=profile, url=chosen.url, driver=chosen.driver, target=chosen.file, name=chosen.name,
            scale=str(replay.scale), compression=str(replay.compression), hold_seconds=hold,
            warm_up_seconds=warm, drain_seconds=drain, budget_seconds=60 * budget,
            settings=Settings(start=start, tolerance=tolerance, steps=steps, highest=highest),
            chaos=chaos, sources=source, processes=processes, seed=seed, scrape=scrape, resources=resource,
        )  # fmt: skip

    trial = search(1)
    most, seconds = steps_within(trial), step_seconds(trial)
    if most < 2:
        raise errors.UsageError(
            said(
                "a budget of {budget:g} min allows {most} steps of {seconds:.0f} s",
                budget=budget,
                most=most,
                seconds=seconds,
            ),
            hint=said("--budget {ceil} for a dozen, or a shorter --hold", ceil=math.ceil(12 * seconds / 60)),
        )
    return search(OFTEN * most)


def _search(search: Search, folder: Path, *, as_json: bool = False) -> Progress:
    from entsurge.commands.searching import Searching, step_seconds

    ends = time.strftime("%H:%M", time.localtime(time.time() + search.budget_seconds))

    def say(line: str) -> None:
        if not quiet():
            echo(line, err=as_json)

    say(
        said(
            "{profile} against {url}: {fewest} steps or more of at most {most_s:.0f} s ({warm_up_s:.0f} s warm-up, "
            "{hold_s:.0f} s held), {budget_min:g} min in all, over by {ends}\nsteps: {folder}",
            profile=search.profile, url=search.url, fewest=search.settings.steps // OFTEN, ends=ends, folder=folder,
            most_s=step_seconds(search), warm_up_s=search.warm_up_seconds, hold_s=search.hold_seconds,
            budget_min=search.budget_seconds / 60,
        )
    )  # fmt: skip
    searching = Searching(search, folder, say=say, token=os.environ.get(ADMIN_TOKEN, ""))
    searching.begin()
    return searching.run()


def conclude(
    search: Search, progress: Progress, folder: Path, *, what_if: bool, nodes: int | None, schools: int | None,
    earlier: Sequence[Path] = (), as_json: bool = False, swept: Swept | None = None,
) -> int:  # fmt: skip
    """Write what the steps say together, capacity.json and the note; the exit code."""
    from entsurge.analysis.capacity.report import capacity_report
    from entsurge.commands.searching import profile_of, write_result
    from entsurge.findings.capacity import Asked
    from entsurge.findings.serial import as_json as written
    from entsurge.render.capacity import write_note
    from entsurge.render.capacity_terminal import terminal_lines

    if not progress.steps:
        raise _nothing_known(progress)
    asked = Asked(nodes, schools, [str(path) for path in earlier])
    result = capacity_report(search, progress, profile_of(search), asked=asked, what_if=what_if)
    write_result(folder, result)
    for line in [] if as_json else terminal_lines(result, language()):
        click.echo(line)
    for path in write_note(result, folder, swept):
        echo(said("note: {path}", path=path), err=as_json)
    if as_json:
        deliver(written(result))
    return exit_code(result)


def _nothing_known(progress: Progress) -> errors.InvalidMeasurement:
    """Why there is no number: the generator gave out first, or no run could be judged."""
    if progress.ceilings and progress.ceilings[0].ceiling:
        why = say(progress.ceilings[0].ceiling, language())
        told = said("nothing is known of the target, the measurement gave out: {why}", why=why)
        return errors.InvalidMeasurement(told, hint="more --processes, a lower --start, or a larger [population]")
    why = "\n".join(say(each, language()) for each in progress.notes)
    told = said("no step could be used\n{why}", why=why)
    return errors.InvalidMeasurement(told, hint="whole runs, with required objectives and a few hundred pages each")


def exit_code(found: CapacityReport) -> int:
    """0 with a number and an interval; 3 missed at once; 4 where only one end of it is known."""
    if found.boundary.how == "at-most":
        return errors.MISSED
    if found.boundary.how == "at-least":
        return errors.INVALID
    return errors.PASS
