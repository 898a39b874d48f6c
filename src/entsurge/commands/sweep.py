"""`entsurge simulate … --sweep`: many deployments on paper, each with several lucks; what is worth buying."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from entsurge import errors
from entsurge.commands.options import write_text
from entsurge.said import said
from entsurge.streams import deliver
from entsurge.terminal import echo, language

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from entsurge.analysis.sweep.report import Prices
    from entsurge.commands.sweeping import Asked
    from entsurge.findings.sweep import SweepReport

MOST_LUCKS, AT_MOST = 200, 500
FILES = "sweep"
NOT_SAID_AGAIN = ("as_json", "lang", "out", "quiet", "verbose")


def sweep_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--sweep`, `--lucks`, `--cost`, `--currency`, `--at-most`."""
    for option in (
        click.option(
            "--at-most", type=click.IntRange(1, 1_000_000), default=AT_MOST, show_default=True, metavar="N",
            help="Refuse a sweep of more simulations.",
        ),
        click.option("--currency", metavar="TEXT", help="What costs are in (default: the deployment's, else €)."),
        click.option(
            "--cost", "costs", multiple=True, metavar="WHAT=NUMBER",
            help="A month's cost: node=180, worker=4; repeatable (default: the deployment's [costs]; else a count).",
        ),
        click.option(
            "--lucks", type=click.IntRange(1, MOST_LUCKS), default=5, show_default=True, metavar="N",
            help="How often each deployment of a sweep is simulated: other arrivals, other service times.",
        ),
        click.option(
            "--sweep", "swept", multiple=True, metavar="KEY=VALUES",
            help="Many deployments: nodes=2..12, workers=8..16/4, measures=none,static-home,a+b (or each), "
            "hours=0..3 (how much later those come who do not come first; hours=parent:0..3); repeatable.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def asked_for(
    profile: str, path: Path, swept: tuple[str, ...], *, changes: dict[str, Any], begin: str | None, until: str | None,
    lucks: int, at_most: int, always: tuple[str, ...], scenarios: dict[str, str], seed: int | None,
) -> Asked:  # fmt: skip
    """The sweep that the options ask for. Raises UsageError for what cannot be swept, and for too many simulations."""
    from entsurge.audience import profile as profiles
    from entsurge.commands.sweeping import Asked
    from entsurge.simulation.grid import bounded, read

    grid = read(swept)
    bounded(grid, lucks, at_most)
    if begin or until:
        window = profiles.load(profile, overrides=changes).file.window
        changes = changes | {"window": {"day": window.day, "from": begin or window.begin, "to": until or window.end}}
    return Asked(
        profile=profile, changes=changes, path=path, grid=grid, lucks=lucks, always=always, scenarios=scenarios,
        seed=seed,
    )  # fmt: skip


def sweep(
    asked: Asked, folder: Path, *, costs: tuple[str, ...], currency: str | None, quiet: bool, as_json: bool
) -> int:
    """Make the sweep into this folder, write sweep.json and its pages, say what was found.

    0: a deployment holds; 3: none does; 4: that cannot be told; that of a signal where one ended it.
    """
    from entsurge.analysis.sweep.report import sweep_report
    from entsurge.commands.endings import Ending
    from entsurge.commands.sweeping import Sweep, go, prices

    planned = Sweep(asked)
    priced: Prices = prices(planned.deployment, costs, currency)
    if not quiet:
        told = "entsurge: SIMULATED: {cells} deployments × {lucks} lucks: {count} simulations; {folder}"
        count = len(planned.possible) * asked.lucks
        echo(said(told, cells=len(planned.possible), lucks=asked.lucks, count=count, folder=folder), err=True)
    with Ending(speaks=False) as ending:
        book, ended = go(planned, folder, quiet=quiet)
        ending.hold()
        found = sweep_report(planned.about(priced, again()), asked.grid, planned.cells, book.outcomes)
        write(found, folder, as_json=as_json)
    return ended or exit_code(found)


def write(found: SweepReport, folder: Path, *, as_json: bool = False) -> None:
    """sweep.json, pages in both languages, and the terminal. Raises CannotRecord."""
    from entsurge.findings.serial import as_json as written
    from entsurge.render.sweep import render_sweep_html, render_sweep_markdown
    from entsurge.render.sweep_terminal import terminal_lines

    texts = {f"{FILES}.json": written(found)}
    for each in ("fr", "en"):
        texts[f"{FILES}.{each}.html"] = render_sweep_html(found, each)
        texts[f"{FILES}.{each}.md"] = render_sweep_markdown(found, each)
    for name, text in texts.items():
        write_text(folder / name, text)
    for line in (*terminal_lines(found, language()), *(said("page: {path}", path=folder / name) for name in texts)):
        echo(line, err=as_json)
    if as_json:
        deliver(written(found))


def exit_code(found: SweepReport) -> int:
    """0 where a deployment holds; 3 where none does; 4 where that cannot be told."""
    return {"holds": errors.PASS, "none-holds": errors.MISSED, "unsure": errors.INVALID}[found.answer]


def again() -> str:
    """The command line as it was given, but for where it writes."""
    context = click.get_current_context()
    words = ["entsurge", "simulate"]
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in NOT_SAID_AGAIN or context.get_parameter_source(name) != ParameterSource.COMMANDLINE:
            continue
        value = context.params.get(name)
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[0])
        else:
            values = value if isinstance(value, tuple | list) else [value]
            words += [word for each in values for word in (parameter.opts[0], str(each))]
    return shlex.join(words)


def only_with_a_sweep() -> None:
    """Raise UsageError where options of a sweep were given without one."""
    context = click.get_current_context()
    options = {"lucks": "--lucks", "costs": "--cost", "currency": "--currency", "at_most": "--at-most"}
    for name, option in options.items():
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise errors.UsageError(said("{option}: of a sweep alone", option=option), hint="--sweep nodes=2..12")
