"""`entsurge calibrate`: access logs or an audience export to a profile of one's own."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.errors import UsageError
from entsurge.habits import remark
from entsurge.said import named, said
from entsurge.terminal import echo, figure, here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from entsurge.calibration.observed import Observed


@click.command(
    "calibrate",
    epilog="Examples: entsurge calibrate access.log access.log.2.gz --out ./ours.toml · "
    "entsurge calibrate export.csv --where academie=Lyon --week 2026-01-12 --out ./ours.toml · "
    "then: entsurge plan ./ours.toml",
)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The profile to write; its shape, personas and bell are written beside it. Without it nothing is written.",
)
@click.option(
    "--kind",
    type=click.Choice(["access-log", "dnma", "hours"]),
    help="What the files are; told from their first line if not given.",
)
@click.option(
    "--rules",
    shell_complete=complete.log_rules,
    default="portal",
    show_default=True,
    metavar="NAME",
    help="How to read an access log.",
)
@click.option(
    "--timezone", shell_complete=complete.zones, metavar="ZONE", help="Whose hours are meant, instead of the rules'."
)
@click.option(
    "--without",
    multiple=True,
    metavar="VISITOR",
    help="An address or a user to leave out, such as a monitor; repeatable.",
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Rows of a DNMA export to keep; repeatable.")
@click.option("--week", metavar="DATE", help="The week of a DNMA export: its Monday; the busiest if not given.")
@click.option(
    "--baseline",
    shell_complete=complete.profiles,
    default="ordinary-week",
    show_default=True,
    help="Where figures come from that FILE lacks.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("--quiet", is_flag=True, help="No progress.")
@json_option
def command(
    *, files: tuple[Path, ...], out: Path | None, kind: str | None, rules: str, timezone: str | None,
    without: tuple[str, ...], where: tuple[str, ...], week: str | None, baseline: str, overwrite: bool, quiet: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Turn web-server access logs, or an audience export, into a profile that `entsurge plan` takes.

    Logs may be combined, JSON and others (docs/calibration.md), plain or gzip, of several servers; the format that was
    read is said. A visit ends after 30 minutes of silence. What could not be explained is printed: lines that cannot be
    parsed, bots, assets, pages that no rule knows; and loudly, what cannot be visits of people.
    """
    from entsurge.calibration import exports  # pandas is loaded only when there is something to read
    from entsurge.calibration.writing import write

    if out and not overwrite and out.exists():
        raise UsageError(said("{out}: there already", out=out), hint="--overwrite replaces it")
    if out and not out.parent.is_dir():
        raise UsageError(
            said("{out}: there is no folder {parent}", out=out, parent=out.parent),
            hint="make the folder first, or name another",
        )
    kinds = {kind or exports.kind_of(path) for path in files}
    if len(kinds) > 1:
        raise UsageError(
            said("files of different kinds at once: {names}", names=", ".join(sorted(kinds))), hint="--kind says which"
        )
    with interruptible() as check:
        if kinds == {"access-log"}:
            shown = not quiet and sys.stderr.isatty()
            found = _from_logs(files, rules, timezone, without, shown=shown, check=check)
        else:
            found = _from_export(files, kinds.pop(), where, week)
        check()
    if not as_json:
        _show(found)
    written = write(found, out, baseline=baseline) if out else []
    if as_json:
        for doubt in found.doubts:  # they may name a visitor, and what is printed here may go to a file
            echo(f"WARNING: {doubt}", err=True)
        told = {name: value for name, value in asdict(found).items() if name != "doubts"}
        say_json(told | {"written": [str(path) for path in written]})
        return
    for path in written:
        echo(f"written: {path}")
    if out:
        remark(f"next: entsurge plan {out if '/' in str(out) else f'./{out}'}")


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Ctrl-C counts even if it falls into a library that swallows it: what is given raises it once more."""
    seen = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def _from_export(files: tuple[Path, ...], kind: str, where: tuple[str, ...], week: str | None) -> Observed:
    from entsurge.calibration import exports

    if len(files) > 1:
        raise UsageError("one export at a time")
    if kind == "dnma":
        return exports.dnma(files[0], where=dict(_pair(each) for each in where), week=week)
    return exports.hours(files[0])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(said("--where {text}: expected COLUMN=VALUE, such as academie=Lyon", text=text))
    return name, value


def _from_logs(
    files: tuple[Path, ...], rules: str, timezone: str | None, without: tuple[str, ...], *, shown: bool,
    check: Callable[[], None],
) -> Observed:  # fmt: skip
    from entsurge.calibration import rules as reading
    from entsurge.calibration.access_log import AccessLog
    from entsurge.calibration.lines import LogFiles
    from entsurge.calibration.visits import observe

    found, _ = reading.load(rules)
    if timezone:
        found = reading.in_zone(found, timezone)
    logs, log = LogFiles(files), AccessLog(found, without=without)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task("", total=logs.size)

        def read(done: int) -> None:
            progress.update(task, completed=done)
            check()

        log.read(logs, read)
    observed = observe(log, files)
    observed.doubts += logs.notes
    return observed


def _show(found: Observed) -> None:
    """The observed week in figures, then what is not in them."""
    console = Console()
    title, source = escape(here(found.title)), escape(here(found.source))
    console.print(f"[bold]{title}[/bold]: {source}", highlight=False, soft_wrap=True)
    for doubt in found.doubts:
        console.print(here(f"WARNING: {doubt}"), style="bold red", markup=False, highlight=False, soft_wrap=True)
    what = "The mean week" if found.hourly else "The week"
    table = Table(title=here(f"{what}; seconds from a page to the next: mean and quantiles"), title_justify="left")
    for heading in ("", "visits", "page views", "a visit", "mean", "p10", "p50", "p90"):
        table.add_column(here(heading), justify="left" if not heading else "right")
    for persona, hourly in found.visits.items():
        visits, pages = sum(hourly), found.pages.get(persona)
        gaps = found.gap_quantiles.get(persona, {}) | {"mean": found.gap_seconds.get(persona)}
        cells = [f"{gaps[name]:.0f}" if gaps.get(name) is not None else "–" for name in ("mean", "p10", "p50", "p90")]
        ratio = figure(pages / visits, ".2f") if pages and visits else "–"
        name = here("not told" if persona == "*" else named("persona", persona))
        table.add_row(name, figure(visits, ",.0f"), figure(pages, ",.0f") if pages else "–", ratio, *cells)
    console.print(table)
    if found.hourly:
        day, hour, visits = found.busiest
        console.print(here(f"Busiest hour: {day} {hour:02d} h, {visits:,.0f} visits"), highlight=False)
    if found.bell_percent is not None:
        even = f"First ten minutes of lesson hours: {found.bell_percent:.1f} % of arrivals (16.7 % would be even)"
        console.print(here(even), highlight=False)
    for note in found.notes:
        console.print(here(f"note: {note}"), markup=False, highlight=False, soft_wrap=True)
    if found.unexplained:
        console.print(f"[bold]{here('Not in these figures:')}[/bold]")
    for line in found.unexplained:
        console.print(here(f"  {line}"), markup=False, highlight=False, soft_wrap=True)
