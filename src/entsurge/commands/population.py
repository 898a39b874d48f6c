"""`entsurge population`: synthetic people as CSV or AAF XML, streamed; and people of such files read back."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import FiniteRange, new_file
from entsurge.errors import CannotRecord, UsageError
from entsurge.population import SHIPPED, Population, by_key, write_csv
from entsurge.said import said
from entsurge.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(
    "population",
    epilog="Examples: entsurge population --schools 2 --seed 7 > people.csv · "
    "entsurge population --people 500000 --format aaf --out aaf/ · "
    "entsurge population --schools 8 --format aaf --incremental --new-schools 1 --date 20260908 --out changes/ · "
    "entsurge population --read aaf/ --read changes/",
)
@click.option("--seed", default=9, show_default=True, help="The same seed gives the same people.")
@click.option("--academies", default=4, show_default=True, type=click.IntRange(1))
@click.option("--schools", default=8, show_default=True, type=click.IntRange(1))
@click.option("--people", "least", type=click.IntRange(1), help="As many schools as so many people need.")
@click.option(
    "--classes", "classes_per_school", default=6, show_default=True, type=click.IntRange(1), help="Per school."
)
@click.option("--pupils", "pupils_per_class", default=30, show_default=True, type=click.IntRange(1), help="Per class.")
@click.option(
    "--persona", shell_complete=complete.personas, multiple=True, help="Only these (CSV), such as student; repeatable."
)
@click.option(
    "--personas",
    shell_complete=complete.persona_files,
    metavar="NAME|FILE",
    help="A personas file, whose added personas live here too.",
)
@click.option("--format", "form", type=click.Choice(["csv", "aaf"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A file for CSV (else standard output), a folder for AAF.")
@click.option("--date", default="20260901", show_default=True, metavar="YYYYMMDD", help="In the names of AAF files.")
@click.option("--incremental", is_flag=True, help="AAF: what changes after the full export, instead of that.")
@click.option("--new-schools", default=0, show_default=True, type=click.IntRange(0), help="Incremental: who joins.")
@click.option("--leave", default=2.0, show_default=True, type=FiniteRange(0, 100), help="Percent of pupils.")
@click.option("--move", default=5.0, show_default=True, type=FiniteRange(0, 100), help="Percent who change class.")
@click.option(
    "--read", "given", multiple=True, type=click.Path(exists=True, path_type=Path),
    help="Read people back instead: a CSV, AAF files or folders (incremental ones are applied); repeatable.",
)  # fmt: skip
@json_option
def command(
    *, seed: int, academies: int, schools: int, least: int | None, classes_per_school: int, pupils_per_class: int,
    persona: tuple[str, ...], personas: str | None, form: str, out: Path | None, date: str, incremental: bool,
    new_schools: int, leave: float, move: float, given: tuple[Path, ...], as_json: bool,
) -> None:  # fmt: skip
    """Write synthetic people: accounts, schools, classes, families; or read them back and say whether they agree."""
    known = SHIPPED
    if personas:
        from entsurge.audience.profile import load_personas  # pydantic, when there is a file to read

        known = load_personas(personas)
    if given:
        _read(given, out, list(by_key(known)), as_json=as_json)
        return
    people = Population(seed, academies, schools, classes_per_school, pupils_per_class, known)
    if least:
        people = _for(people, least)
    if form == "csv":
        if incremental:
            raise UsageError("--incremental: only AAF has it", hint="--format aaf")
        if as_json and out is None:
            raise UsageError("--json: the people themselves are on standard output", hint="--out FILE")
        _write_csv(people, out, [people.entry(each).key for each in persona])
        if as_json:
            say_json({"written": str(out)})
        return
    if out is None:
        raise UsageError("--format aaf: several files", hint="--out FOLDER")
    if not (len(date) == 8 and date.isascii() and date.isdigit()):
        raise UsageError(said("--date {date}: expected YYYYMMDD, such as 20260901", date=date))
    _write_aaf(people, out, date, (new_schools, leave, move) if incremental else None, as_json=as_json)


def _for(people: Population, least: int) -> Population:
    """The same with as many schools as `least` people need."""
    from dataclasses import replace

    each = sum(people.per_school(persona.key) for persona in people.personas)
    return replace(people, schools=-(-least // each))


def _write_csv(people: Population, out: Path | None, personas: Iterable[str]) -> None:
    try:
        with new_file(out) if out else nullcontext(sys.stdout) as stream:
            write_csv(people, stream, personas)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CannotRecord(
            said("{value}: {value2}", value=out or "standard output", value2=error.strerror or error)
        ) from None


def _write_aaf(
    people: Population, out: Path, date: str, changing: tuple[int, float, float] | None, *, as_json: bool
) -> None:
    from entsurge.population.aaf import changes, entries, writing

    if changing:
        new, leave, move = changing
        found = changes.changes(people, new_schools=new, leave_percent=leave, move_percent=move)
    else:
        found = entries.everything(people)
    total = None if changing else sum(people.count(persona.key) for persona in people.personas) + people.schools
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("writing", total=total)
        counts = writing.write(
            found, out, date=date, incremental=changing is not None,
            progress=lambda done: progress.update(task, completed=done),
        )  # fmt: skip
    if as_json:
        say_json({"entries": counts, "written": str(out)})
        return
    for kind, count in counts.items():
        echo(f"{kind}: {count:,}")
    echo(f"written: {out}")


def _read(given: tuple[Path, ...], out: Path | None, personas: list[str], *, as_json: bool) -> None:
    """Count the people of these files, say what does not agree; with `out`, write them as CSV."""
    from entsurge.population import directory
    from entsurge.population.aaf.merged import Merged

    merged = None
    if len(given) == 1 and given[0].suffix.lower() == ".csv":
        rows = directory.from_csv(given[0], personas)
    else:
        merged = Merged(given)
        rows = directory.from_aaf(merged.entries, merged.left_out)
    census = directory.Census()
    if out:
        from entsurge.population.accounts import write_rows

        with new_file(out) as stream:
            write_rows(census.passing(rows), stream)
    else:
        for _ in census.passing(rows):
            pass
    warnings = census.faults() + (merged.warnings if merged else [])
    if as_json:
        say_json({
            "people": {persona: census.people[persona] for persona in personas}, "schools": len(census.schools),
            "academies": len(census.academies), "warnings": warnings, "written": str(out) if out else None,
        })  # fmt: skip
        return
    table = Table()
    for heading in ("persona", "people"):
        table.add_column(heading, justify="left" if heading == "persona" else "right")
    for persona in personas:
        table.add_row(persona, f"{census.people[persona]:,}")
    Console().print(table)
    echo(f"{len(census.schools):,} schools, {len(census.academies):,} academies")
    for warning in warnings:
        echo(f"warning: {warning}", err=True)
    if out:
        echo(f"written: {out}")
