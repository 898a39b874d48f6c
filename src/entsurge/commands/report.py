"""`entsurge report`: the degradation report of one run or of several side by side."""

from __future__ import annotations

from pathlib import Path

import click

from entsurge.commands import complete
from entsurge.commands.json_output import say_json
from entsurge.commands.options import listed

LANGUAGES, FORMATS = ("fr", "en"), ("html", "pdf", "json", "junit", "md")


@click.command(
    "report",
    epilog="Examples: entsurge report runs/a runs/b --lang fr · entsurge report runs/a --format pdf",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder (default: the last run's).")
@click.option(
    "--lang", shell_complete=complete.several(*LANGUAGES), default="fr,en", show_default=True, help="fr, en, or both."
)
@click.option(
    "--format",
    "formats",
    shell_complete=complete.several(*FORMATS),
    default="html,json,junit",
    show_default=True,
    help="html, pdf, json, junit, md.",
)
@click.option("--json", "as_json", is_flag=True, help="Where each file is, as JSON, and nothing else.")
def command(*, runs: tuple[Path, ...], out: Path | None, lang: str, formats: str, as_json: bool) -> None:
    """Write the report of RUNS; the first one is the baseline that the others are compared with.

    A run that was killed before it could be judged is judged now: its verdict.json is written.
    """
    from entsurge.record.reading.documents import under_way
    from entsurge.render import write_report  # pandas is loaded only when it is needed

    languages, kinds = listed("--lang", lang, LANGUAGES), listed("--format", formats, FORMATS)
    written = write_report(list(runs), out or runs[-1], langs=languages, formats=kinds)
    for path in () if as_json else written.values():
        click.echo(str(path))
    unjudged = [run for run in runs if not (run / "verdict.json").is_file() and not under_way(run)]
    if unjudged:
        from entsurge.gate import gate

        gate(unjudged)
    if as_json:
        say_json({kind: str(path) for kind, path in written.items()})
