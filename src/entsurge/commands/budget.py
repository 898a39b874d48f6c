"""`entsurge budget`: how fast a campaign of runs spends the errors that an availability leaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import errors
from entsurge.commands.options import FiniteRange
from entsurge.said import said
from entsurge.streams import lasting_streams

if TYPE_CHECKING:
    from entsurge.audience.service_levels import ServiceLevels
    from entsurge.findings.budget import ErrorBudget, Spent


@click.command(
    "budget",
    epilog="Examples: entsurge budget runs/20260901T070000Z-* --availability 99.5 · "
    "entsurge budget runs/fortnight/day-* --objectives ./contract.toml · entsurge budget runs/* --json",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--availability", type=FiniteRange(0, 100, min_open=True, max_open=True), metavar="PERCENT",
              help="What is promised (default: the runs' own objective of availability).")  # fmt: skip
@click.option("--objectives", metavar="NAME|FILE",
              help="A contract's service levels: availability, and guaranteed hours for a month's budget.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, and nothing else.")
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
        click.echo(written(found), nl=False)
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

    table = Table(title=f"availability {100 * found.availability:g} %: one page in "
                        f"{1 / (1 - found.availability):,.0f} may fail", title_justify="left")  # fmt: skip
    for heading in ("run", "pages", "not served", "burn rate", "95 % limits", "minutes of the month's budget", ""):
        table.add_column(heading, justify="left" if heading in ("run", "") else "right")
    for each in found.runs:
        table.add_row(*_row(each, found.fewest))
    console = Console()
    console.print(table)
    if found.burn is None:
        console.print(f"all runs that count: too few pages to tell (at least {found.fewest:,} are needed)")
        return
    console.print(f"all runs that count: burn rate {found.burn:.1f}")
    if found.month_minutes is not None:
        lasts = f"; at this rate it lasts {found.lasts_hours:,.1f} guaranteed hours" if found.lasts_hours else ""
        console.print(
            f"a month's budget: {found.month_minutes:.0f} min of guaranteed hours, of which these windows took "
            f"{found.spent_minutes:.1f}{lasts}",
            highlight=False,
        )


def _row(each: Spent, fewest: int) -> tuple[str, ...]:
    from entsurge.render.saying import say

    if each.burn is None or each.low is None or each.high is None:
        rate, limits = "too few pages", f"at least {fewest:,}"
    else:
        rate, limits = f"{each.burn:.1f}", f"{each.low:.1f} to {each.high:.1f}"
    spent = "–" if each.minutes is None else f"{each.minutes:.1f}"
    why = "; ".join(say(reason, "en") for reason in each.left_out)
    return (
        each.name,
        f"{each.asked:,}",
        f"{each.not_served:,}",
        rate,
        limits,
        spent,
        f"not counted: {why}" if why else "",
    )
