"""`entsurge brief`: one page per run for the crisis committee."""

from __future__ import annotations

from pathlib import Path

import click

from entsurge.commands.options import Several, listed, write_text
from entsurge.errors import UsageError

LANGUAGES, FORMATS = ("fr", "en"), ("html", "md", "json")


@click.command(
    "brief",
    cls=Several,
    epilog="Examples: entsurge brief runs/monday runs/tuesday · "
    "entsurge brief runs/with-measures --without runs/lockdown --lang fr --format md",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--without", "without", type=click.Path(path_type=Path), metavar="RUN",
              help="A run of the same day with fewer measures (default: sought among RUNS).")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder; of several runs one folder each inside (default: each run's own).")  # fmt: skip
@click.option("--lang", default="fr,en", show_default=True, help="fr, en, or both.")
@click.option("--format", "formats", default="html,md", show_default=True, help="html, md, json.")
def command(*, runs: tuple[Path, ...], without: Path | None, out: Path | None, lang: str, formats: str) -> None:
    """Write the daily brief of each of RUNS: what held, what did not and for whom, what was tried, what it bought.

    And what is advised next, by rules with stated thresholds, and one sentence that schools can send to teachers.
    """
    from entsurge.analysis import read_run  # pandas is loaded only when it is needed
    from entsurge.analysis.brief import brief, run_without
    from entsurge.findings.serial import as_json
    from entsurge.render.brief import render_brief_html, render_brief_markdown

    languages, kinds = listed("--lang", lang, LANGUAGES), listed("--format", formats, FORMATS)
    read = {path: read_run(path) for path in runs}
    for path, run in read.items():
        if run.in_progress:
            raise UsageError(f"{path}: in progress", hint="a brief is made of a run that is over; report reads so far")
    reference = read_run(without) if without else None
    for path, run in read.items():
        folder = path if out is None else out / path.name if len(runs) > 1 else out
        data = brief(run, reference or run_without(run, list(read.values())))
        texts = {"brief.json": as_json(data)} if "json" in kinds else {}
        for language in languages:
            if "html" in kinds:
                texts[f"brief.{language}.html"] = render_brief_html(data, language)
            if "md" in kinds:
                texts[f"brief.{language}.md"] = render_brief_markdown(data, language)
        for name, text in texts.items():
            write_text(folder / name, text)
            click.echo(str(folder / name))
