"""`entsurge brief`: one page per run for the crisis committee."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from entsurge.commands import complete
from entsurge.commands.json_output import say_json
from entsurge.commands.options import Several, listed, write_text
from entsurge.errors import UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.findings.brief import Brief
    from entsurge.record.reading.run import Run

LANGUAGES, FORMATS = ("fr", "en"), ("html", "pdf", "md", "txt", "json")


@click.command(
    "brief",
    cls=Several,
    epilog="Examples: entsurge brief runs/monday runs/tuesday · "
    "entsurge brief runs/with-measures --without runs/lockdown --lang fr --format txt",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--without", "without", shell_complete=complete.runs, type=click.Path(path_type=Path), metavar="RUN",
              help="A run of the same day with fewer measures (default: sought among RUNS).")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder; of several runs one folder each inside (default: each run's own).")  # fmt: skip
@click.option(
    "--lang", shell_complete=complete.several(*LANGUAGES), default="fr,en", show_default=True, help="fr, en, or both."
)
@click.option(
    "--format",
    "formats",
    shell_complete=complete.several(*FORMATS),
    default="html,md",
    show_default=True,
    help="html, pdf, md, txt (an e-mail), json.",
)
@click.option("--json", "as_json", is_flag=True, help="Where each file is, as JSON, and nothing else.")
def command(
    *, runs: tuple[Path, ...], without: Path | None, out: Path | None, lang: str, formats: str, as_json: bool
) -> None:
    """Write the daily brief of each of RUNS: held or not and for whom, and what to do tomorrow morning.

    By rules with stated thresholds; with who was served how, what was tried and what it bought, and one sentence that
    schools can send to teachers. One sheet of paper, or about ten lines of an e-mail.
    """
    from entsurge.analysis import read_run  # pandas is loaded only when it is needed
    from entsurge.analysis.brief import brief, run_without
    from entsurge.render.pdf import printer

    languages, kinds = listed("--lang", lang, LANGUAGES), listed("--format", formats, FORMATS)
    if "pdf" in kinds:
        printer()
    read = {path: read_run(path) for path in runs}
    for path, run in read.items():
        if run.in_progress:
            raise UsageError(
                said("{path}: in progress", path=path),
                hint="a brief is made of a run that is over; report reads so far",
            )
    reference = read_run(without) if without else None
    written = []
    for path, run in read.items():
        folder = path if out is None else out / path.name if len(runs) > 1 else out
        data = brief(run, reference or run_without(run, list(read.values())))
        written += [(path, file) for file in _forms(data, languages, kinds, folder=folder, run=run)]
    if as_json:
        say_json([{"run": str(path), "file": str(file)} for path, file in written])
        return
    for _, file in written:
        click.echo(str(file))


def _forms(
    data: Brief, languages: tuple[str, ...], kinds: tuple[str, ...], *, folder: Path, run: Run
) -> Iterator[Path]:
    """Write a brief in all that is asked for; each file once it is written."""
    from entsurge.findings.serial import as_json

    for language in languages:
        for kind in kinds:
            if kind != "json":
                yield _write(data, language, kind, folder=folder, run=run)
    if "json" in kinds:
        write_text(folder / "brief.json", as_json(data))
        yield folder / "brief.json"


def _write(data: Brief, language: str, kind: str, *, folder: Path, run: Run) -> Path:
    """Write one form of a brief in one language, with a link to the run's report if that was written; where it is."""
    from entsurge.analysis.report import findings_of
    from entsurge.render.brief import render_brief_html, render_brief_markdown, render_brief_text
    from entsurge.render.brief_picture import draw_brief
    from entsurge.render.pdf import write_pdf

    target, report = folder / f"brief.{language}.{kind}", run.path / f"report.{language}.html"
    link = quote(os.path.relpath(report, folder)) if report.is_file() else ""
    if kind == "md":
        write_text(target, render_brief_markdown(data, language))
    elif kind == "txt":
        where = str(report) if link else f"entsurge report {run.path}"
        write_text(target, render_brief_text(data, language, report=where))
    elif kind == "pdf":
        write_pdf(render_brief_html(data, language, pictures=draw_brief(findings_of(run), language)), target)
    else:
        pictures = draw_brief(findings_of(run), language)
        write_text(target, render_brief_html(data, language, report=link, pictures=pictures))
    return target
