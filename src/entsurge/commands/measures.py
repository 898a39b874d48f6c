"""`entsurge measures`: which measure buys what for whom, each tried alone and the best in pairs, in blocks of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.options import listed, new_run_folder, overrides, write_text
from entsurge.commands.targets import choose
from entsurge.habits import quiet
from entsurge.record.layout import is_run
from entsurge.said import said
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import echo, language

if TYPE_CHECKING:
    from entsurge.findings.measures import MeasuresReport

FOLDER = "runs"
LANGUAGES, FORMATS = ("fr", "en"), ("html", "md", "json")


@click.command(
    "measures",
    epilog="Examples: entsurge measures lockdown-2020 --target http://127.0.0.1:8080 · "
    "entsurge measures lockdown-2020 --target ours.toml --measure ./queue.json --measure ./static.json "
    "--pairs queue+static --blocks 8 · "
    "entsurge measures lockdown-2020 --target http://127.0.0.1:8080 --budget 120 --out runs/which",
)
@click.argument("profile", shell_complete=complete.profiles)
@click.option(
    "--target",
    shell_complete=complete.files,
    required=True,
    metavar="URL|FILE",
    help="A loopback address, or a target file (TOML).",
)
@click.option(
    "--driver",
    shell_complete=complete.drivers,
    metavar="NAME|FILE",
    help="The product, or a driver in TOML; default: portal.",
)
@click.option("--measure", "measures", shell_complete=complete.measures, multiple=True, metavar="NAME|FILE",
              help="A measure to try; repeatable (default: all of chaos/ that the target can take).")  # fmt: skip
@click.option("--pairs", metavar="A+B,…", help="Pairs to try (default: of the three with the largest effect alone).")
@click.option("--no-pairs", is_flag=True, help="Each alone, nothing together.")
@click.option("--blocks", type=click.IntRange(1, 60), default=6, show_default=True,
              help="How often each is tried; under six there is no interval.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(0.5, 7 * 24 * 60), metavar="MINUTES",
              help="As many blocks as this allows.")  # fmt: skip
@click.option("--nobody-loses-more-than", "limit_percent", type=click.FloatRange(0, 100), default=10.0,
              show_default=True, metavar="X", help="Percent of a persona's pages that a measure may cost.")  # fmt: skip
@click.option("--scale", metavar="SHARE", help="Share of the population, such as 1/86.")
@click.option("--compression", metavar="FACTOR", help="By how much time is shortened, such as 45.")
@click.option("--seed", type=int, metavar="N", help="Seed of the plan, of the population and of the order of runs.")
@click.option("--day", type=click.IntRange(1), metavar="N", help="One of a profile's days; 1 is the first.")
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="Worker processes.")
@click.option("--source", "sources", multiple=True, metavar="ADDRESS",
              help="Addresses that visitors come from; repeatable.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="The trial's directory (default: runs/<utc>-measures-<profile>); an old one goes on.")  # fmt: skip
@click.option(
    "--lang",
    shell_complete=complete.several(*LANGUAGES),
    default="fr,en",
    show_default=True,
    help="fr, en, or both; the first is the terminal's too.",
)
@click.option(
    "--format",
    "formats",
    shell_complete=complete.several(*FORMATS),
    default="html,md,json",
    show_default=True,
    help="html, md, json.",
)
@click.option("--json", "as_json", is_flag=True, help="The result on standard output as JSON; progress on the other.")
@lasting_streams()
def command(
    *, profile: str, target: str, driver: str | None, measures: tuple[str, ...], pairs: str | None, no_pairs: bool,
    blocks: int, budget: float | None, limit_percent: float, processes: int, sources: tuple[str, ...],
    out: Path | None, lang: str, formats: str, as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """Which measure buys what: PROFILE is replayed with none, with each measure alone, and with the best in pairs.

    The same visits in every run, in blocks that hold each of them once in an order drawn from the seed; the target is
    brought to rest in between. One page for the committee: pages bought for pupils and teachers, what it costs whom,
    with intervals, of the whole region; what is best while nobody loses more than X percent; which add up.

    No gate: exit 0 when a measure was told apart from none, 4 when nothing was, or there were too few blocks.
    A run that ends early ends the trial, with its exit code; the same command with the same --out goes on.
    """
    languages, kinds = listed("--lang", lang, LANGUAGES), listed("--format", formats, FORMATS)
    if pairs and no_pairs:
        raise errors.UsageError("--pairs and --no-pairs: one of the two")
    if out is not None and is_run(out):
        raise errors.UsageError(said("{out}: holds a run", out=out), hint="name another folder with --out")
    from entsurge.commands.measures_trial import Planned, announcement, go, report

    planned = Planned.of(
        profile, choose(target, driver), measures, pairs="" if no_pairs else pairs, blocks=blocks, budget=budget,
        overrides=overrides(**given), processes=processes, sources=sources,
    )  # fmt: skip
    folder = out or new_run_folder(f"measures-{Path(profile).stem}", FOLDER)

    def say(line: str) -> None:
        if not quiet():
            echo(line, err=as_json)

    for line in announcement(planned, folder):
        say(line)
    progress = go(planned, folder, say)
    return _conclude(report(planned, progress, limit_percent), folder, languages, kinds, as_json=as_json)


def _conclude(
    found: MeasuresReport, folder: Path, languages: tuple[str, ...], kinds: tuple[str, ...], *, as_json: bool
) -> int:
    from entsurge.findings.serial import as_json as written
    from entsurge.render.measures import render_measures_html, render_measures_markdown
    from entsurge.render.measures_terminal import terminal_lines

    texts = {"measures.json": written(found)} if "json" in kinds else {}
    for each in languages:
        if "html" in kinds:
            texts[f"measures.{each}.html"] = render_measures_html(found, each)
        if "md" in kinds:
            texts[f"measures.{each}.md"] = render_measures_markdown(found, each)
    for name, text in texts.items():
        write_text(folder / name, text)
    if as_json:
        deliver(written(found))
    else:
        for line in (*terminal_lines(found, language()), *(said("page: {path}", path=folder / name) for name in texts)):
            echo(line)
    return exit_code(found)


def exit_code(found: MeasuresReport) -> int:
    """0 when a measure was told apart from none; 4 when none was, or there were too few blocks."""
    return errors.PASS if found.conclusion == "told-apart" else errors.INVALID
