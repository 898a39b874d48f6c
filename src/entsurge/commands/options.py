"""Options that several commands share."""

from __future__ import annotations

import contextlib
import math
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from entsurge.commands import complete
from entsurge.errors import CannotRecord, UsageError
from entsurge.record.layout import is_run
from entsurge.said import said
from entsurge.terminal import here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from entsurge.audience.profile import Profile

RUNS = "runs"
_SERIES = re.compile(r'(?:[^,{]|\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\}?)+')


class FiniteRange(click.FloatRange):
    """A range of numbers; `nan` is in none, although it compares as if it were, nor is infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Fails for one that is not in the range."""
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(here(said("{value} is no finite number", value=value)), param, ctx)
        return found


def replay_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Scale, compression, seed, arrivals, shape, bell, devices, date, day, objectives: in place of the profile's."""
    for option in (
        click.option(
            "--without-measures", "measures", is_flag=True, callback=_left_out, help="Leave the profile's measures out."
        ),
        click.option(
            "--objectives",
            shell_complete=complete.service_levels,
            metavar="NAME|FILE",
            help="A contract's service levels, to be judged by.",
        ),
        click.option("--date", metavar="DATE", help="Another day of another week, such as 2027-03-08."),
        click.option("--day", type=click.IntRange(1), metavar="N", help="One of a profile's days; 1 is the first."),
        click.option(
            "--bell", shell_complete=complete.bells, metavar="NAME", help="The school bell: school, none, or a file."
        ),
        click.option(
            "--devices",
            shell_complete=complete.devices,
            metavar="NAME",
            help="By which devices people come: dnma, none, or a file.",
        ),
        click.option(
            "--shape", shell_complete=complete.shapes, metavar="NAME", help="Week shape: lockdown, ordinary, or a file."
        ),
        click.option("--arrivals", type=click.Choice(["systematic", "poisson"]), help="How arrivals are drawn."),
        click.option("--seed", type=int, metavar="N", help="Seed of the plan and of the population."),
        click.option("--compression", metavar="FACTOR", help="By how much time is shortened, such as 45."),
        click.option("--scale", metavar="SHARE", help="Share of the population, such as 1/86 or 0.01."),
    ):
        function = option(function)
    return function


def _left_out(context: click.Context, parameter: click.Parameter, asked: bool) -> bool | None:
    del context, parameter
    return False if asked else None


def overrides(**given: Any) -> dict[str, Any]:
    """The overrides that were really given."""
    return {name: value for name, value in given.items() if value is not None}


def unused(folder: Path, *parts: str) -> Path:
    """The folder, which holds no run yet, nor do these parts of it. Raises UsageError."""
    for path in (folder, *(folder / part for part in parts)):
        if is_run(path):
            raise UsageError(said("{path}: holds a run already", path=path), hint="name another folder with --out")
    return folder


def new_run_folder(name: str, runs: str = RUNS) -> Path:
    """runs/<utc>-<name>, not there yet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = Path(runs) / f"{stamp}-{name}"
    number = 2
    while path.exists():
        path = Path(runs) / f"{stamp}-{name}-{number}"
        number += 1
    return path


def listed(option: str, given: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a list such as `fr,en`. Raises BadParameter for an unknown one."""
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        told = said("{given!r}: expected some of {known}", given=given, known=", ".join(known))
        raise click.BadParameter(here(told), param_hint=option)
    return names


class Several(click.Command):
    """A command whose repeatable path options take all that follows: `--baseline a b c`, as `main-*` expands to."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say such an option before each of its values; `--` or the next option ends them."""
        several = {
            name
            for option in self.params
            if isinstance(option, click.Option) and option.multiple and isinstance(option.type, click.Path)
            for name in option.opts
        }
        spread: list[str] = []
        now, values = "", 0
        for at, each in enumerate(args):
            if each == "--":
                spread += args[at + 1 :]
                break
            if each.startswith("-"):
                now, values = (each if each in several else ""), 0
                spread.append(each)
            else:
                spread += [now, each] if now and values else [each]
                values += 1
        return super().parse_args(ctx, spread)


def folder_argument(ctx: click.Context, option: click.Parameter, given: str | None) -> Path | None:
    """A folder that may not be there yet."""
    if given is None:
        return None
    path = Path(given)
    if path.exists() and not path.is_dir():
        told = said("{given}: a file, where a folder was expected", given=given)
        raise click.BadParameter(here(told), ctx=ctx, param=option)
    return path


def write_text(path: Path, text: str, *, append: bool = False) -> None:
    """Write a file, and the folders above it. Raises CannotRecord."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise CannotRecord(
            said("{path}: {value}", path=path, value=error.strerror or error), hint="name another file"
        ) from None


def refuse_existing(path: Path) -> None:
    """Raise UsageError for a file that is there: for a command to ask before it works for long."""
    if path.exists():
        raise UsageError(said("{path}: is there already", path=path), hint="name another file, or remove it first")


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A file that is not there yet, for its owner alone, under its name once it is whole.

    Raises UsageError for one that is there, CannotRecord where it cannot be written.
    """
    refuse_existing(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                yield stream
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CannotRecord(
            said("{path}: {value}", path=path, value=error.strerror or error), hint="name another file"
        ) from None


def scraped(given: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """`--scrape URL SERIES` as the engine takes it: addresses, each with its single series."""
    return [{"url": url, "series": _series(text)} for url, text in given]


def _series(text: str) -> list[str]:
    """`a,b{x="1",y="2"}` as single series: commas between braces are part of one, braces between quotes are none."""
    found = [each.strip() for each in _SERIES.findall(text)]
    return [each for each in found if each]


def by_persona(given: Iterable[str]) -> dict[str, str]:
    """`--scenario PERSONA=FILE` as paths by persona. Raises UsageError."""
    result = {}
    for each in given:
        persona, equals, path = each.partition("=")
        if not equals or not persona or not path:
            raise UsageError(said("--scenario {each}: expected PERSONA=FILE, such as student=./ours.py", each=each))
        result[persona] = path if "/" in path or path.endswith(".py") else f"./{path}"
    return result


def any_fault(chaos: Iterable[str]) -> bool:
    """Whether one of these experiments is a fault, and no measure. Raises UsageError for one that cannot be read."""
    from entsurge.chaos.game_day import load_all

    return any(each.extension.kind == "fault" for each in load_all(list(chaos)))


def cast(profile: Profile, scenarios: Mapping[str, str], chaos: Iterable[str] = ()) -> set[str]:
    """Refuse what a persona of the profile lacks; mention scenario files that no persona names. Raises UsageError.

    Returns the personas that measures put off.
    """
    from entsurge.cast import check_personas, unnamed_scenarios
    from entsurge.chaos.game_day import load_all

    of_days = (name for day in profile.file.day for name in day.measures)
    experiments = load_all(list(dict.fromkeys([*profile.measures, *of_days, *chaos])))
    check_personas(profile, experiments)
    for line in unnamed_scenarios(profile, scenarios):
        click.echo(f"entsurge: {line}", err=True)
    return {who for each in experiments for who in each.extension.defers}
