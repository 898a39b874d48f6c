"""`entsurge budget`: how fast a campaign of runs spends the errors that an availability leaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.json_output import json_option
from entsurge.commands.options import FiniteRange
from entsurge.said import said
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import figure, here, lang_option, language

if TYPE_CHECKING:
    from entsurge.audience.service_levels import ServiceLevels
    from entsurge.findings.budget import ErrorBudget, Spent


@click.command(
    "budget",
    epilog="Examples: entsurge budget runs/20260901T070000Z-* --availability 99.5 · "
    "entsurge budget runs/fortnight/day-* --objectives ./contract.toml · entsurge budget runs/* --json",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--availability", type=FiniteRange(0, 100, min_open=True, max_open=True), metavar="PERCENT",
              help="What is promised (default: the runs' own objective of availability).")  # fmt: skip
@click.option("--objectives", shell_complete=complete.service_levels, metavar="NAME|FILE",
              help="A contract's service levels: availability, and guaranteed hours for a month's budget.")  # fmt: skip
@json_option
@lang_option
@lasting_streams()
def command(*, runs: tuple[Path, ...], availability: float | None, objectives: str | None, as_json: bool) -> int:
    """Say how fast RUNS spend their error budget: 1 spends it all just in time, 10 in a tenth of the time.

    A run that is not to be believed or was cut short is shown and not counted; under the fewest pages that prove the
    availability no rate is told. Exits 0, or 4 where no run counts or all of them together are too small to tell.
    """
    from entsurge.analysis.budget import budget, promised  # pandas is loaded only when it is needed
    from entsurge.findings.serial import as_json as written
    from entsurge.record.reading.run import read_run

    levels = _levels(objectives) if objectives else None
    if levels and availability is None:
        if levels.availability is None:
            raise errors.UsageError(
                said("{objectives}: availability: missing", objectives=objectives), hint="or say --availability PERCENT"
            )
        availability = float(levels.availability.percent.value)
    read = [read_run(path) for path in runs]
    share = promised(read) if availability is None else availability / 100
    found = budget(read, share, levels.hours.hours_a_month if levels else None)
    if as_json:
        deliver(written(found))
    else:
        _show(found)
    return errors.PASS if found.burn is not None else errors.INVALID


def _levels(name: str) -> ServiceLevels:
    from entsurge.audience import service_levels
    from entsurge.audience.profile import part

    return service_levels.load(part(Path(), "service-levels", name, here=True))


def _show(found: ErrorBudget) -> None:
    from rich.console import Console
    from rich.table import Table

    title = said(
        "availability {percent:g} %: one page in {pages:,.0f} may fail",
        percent=100 * found.availability, pages=1 / (1 - found.availability),
    )  # fmt: skip
    table = Table(title=here(title), title_justify="left")
    for heading in ("run", "pages", "not served", "burn rate", "95 % limits", "minutes of the month's budget", ""):
        table.add_column(here(heading), justify="left" if heading in ("run", "") else "right")
    for each in found.runs:
        table.add_row(*_row(each, found.fewest))
    console = Console()
    console.print(table)
    if found.burn is None:
        told = said("all runs that count: too few pages to tell (at least {fewest:,} are needed)", fewest=found.fewest)
        console.print(here(told))
        return
    console.print(here(said("all runs that count: burn rate {burn:.1f}", burn=found.burn)))
    if found.month_minutes is not None:
        at_this = "; at this rate it lasts {hours:,.1f} guaranteed hours"
        told = said(
            "a month's budget: {month:.0f} min of guaranteed hours, of which these windows took {spent:.1f}{lasts}",
            month=found.month_minutes, spent=found.spent_minutes or 0.0,
            lasts=said(at_this, hours=found.lasts_hours) if found.lasts_hours else "",
        )  # fmt: skip
        console.print(here(told), highlight=False)


def _row(each: Spent, fewest: int) -> tuple[str, ...]:
    from entsurge.render.saying import say

    rate: str
    limits: str
    if each.burn is None or each.low is None or each.high is None:
        rate, limits = said("too few pages"), said("at least {fewest:,}", fewest=fewest)
    else:
        rate, limits = figure(each.burn, ".1f"), said("{low:.1f} to {high:.1f}", low=each.low, high=each.high)
    spent = "–" if each.minutes is None else figure(each.minutes, ".1f")
    why = "; ".join(say(reason, language()) for reason in each.left_out)
    return (
        each.name,
        figure(each.asked, ","),
        figure(each.not_served, ","),
        here(rate),
        here(limits),
        spent,
        here(said("not counted: {why}", why=why)) if why else "",
    )
