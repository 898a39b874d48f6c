"""`entsurge export`: a run in formats that other tools read."""

from __future__ import annotations

from pathlib import Path

import click

from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import listed
from entsurge.habits import remark

FORMATS = ("parquet", "csv", "hlog")


@click.command(
    "export",
    epilog="Examples: entsurge export runs/monday · entsurge export runs/monday --format csv --out ./monday-csv · "
    "entsurge export runs/monday --format hlog --interval 60",
)
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--out", type=click.Path(path_type=Path), help="A new folder (default: RUN/export).")
@click.option(
    "--format",
    "formats",
    shell_complete=complete.several(*FORMATS),
    default="parquet,csv,hlog",
    show_default=True,
    help="parquet, csv, hlog.",
)
@click.option("--interval", type=click.IntRange(1, 86400), default=10, show_default=True, metavar="SECONDS",
              help="Run time in a line of a .hlog.")  # fmt: skip
@json_option
def command(*, run: Path, out: Path | None, formats: str, interval: int, as_json: bool) -> None:
    """Write RUN's pages, requests and visits as Parquet and CSV, its times as HdrHistogram's logs.

    A log for each phase, persona and service. The folder is there when all of it is written, or not at all.
    """
    from entsurge.record.export.writing import export  # pyarrow, when there is something to read
    from entsurge.record.reading.run import read_run

    kinds = listed("--format", formats, FORMATS)
    found = read_run(run)
    for note in found.notes:
        remark(note)
    folder = out or run / "export"
    written = [str(path) for path in export(found, folder, kinds, interval_seconds=interval)]
    if as_json:
        say_json({"folder": str(folder), "written": written})
        return
    for path in written:
        click.echo(path)
