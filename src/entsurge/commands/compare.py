"""`entsurge compare`: whether a candidate is worse than its baseline, beyond chance, and when it changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.options import FiniteRange, Several, listed, write_text
from entsurge.said import named, said
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import echo, figure, here, language

if TYPE_CHECKING:
    from entsurge.findings.comparison import Compared, ComparisonReport, LevelChange

SHOWN = 12
SIGNS = {"green": "✓", "amber": "?", "red": "✗"}
LANGUAGES, FORMATS = ("fr", "en"), ("html", "json", "md")


@click.command(
    "compare",
    cls=Several,
    epilog="Examples: entsurge compare runs/base-* --candidate runs/new-* · "
    "entsurge compare runs/main --candidate runs/new-1 runs/new-2 runs/new-3 --out comparison · "
    "entsurge compare runs/nightly-* (the latest against the others, and the history)",
)
@click.argument(
    "baselines", nargs=-1, required=True, metavar="RUN…", type=click.Path(path_type=Path), shell_complete=complete.runs
)
@click.option("--candidate", "candidates", multiple=True, type=click.Path(path_type=Path), metavar="RUN…",
              shell_complete=complete.runs,
              help="Runs to hold against the others (default: the latest one).")  # fmt: skip
@click.option("--quantile", type=FiniteRange(1, 99.9), default=95.0, show_default=True, help="In percent.")
@click.option("--least-effect", type=FiniteRange(0, 1000), default=10.0, show_default=True,
              help="By how many percent a page must be slower to count.")  # fmt: skip
@click.option("--strict", is_flag=True,
              help="Exit 4 where the comparison could have missed a slowdown of --least-effect.")  # fmt: skip
@click.option("--other-plan", is_flag=True, help="Compare runs of different plans; the difference is named.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the comparison into this folder.")
@click.option(
    "--lang", shell_complete=complete.several(*LANGUAGES), default="fr,en", show_default=True, help="fr, en, or both."
)
@click.option(
    "--format",
    "formats",
    shell_complete=complete.several(*FORMATS),
    default="html,md,json",
    show_default=True,
    help="html, md, json.",
)
@click.option("--json", "json_only", is_flag=True, help="Everything as JSON, on stdout.")
@lasting_streams()
def command(
    *, baselines: tuple[Path, ...], candidates: tuple[Path, ...], quantile: float, least_effect: float,
    strict: bool, other_plan: bool, out: Path | None, lang: str, formats: str, json_only: bool,
) -> int:  # fmt: skip
    """Compare 2 to 30 runs (or folders of runs), the run being the unit: 0 no worse, 3 worse beyond chance.

    Everybody, each persona, each persona on each service, then each page: one has regressed when it became at least a
    tenth slower and the difference stands over all that are compared (Westfall-Young max-T, 5 %). Four runs a side, or
    ten against three, can show one; fewer show ratios only. What could have gone unseen is said. From six runs on,
    changes of level are dated.
    """
    from entsurge.analysis.comparison_report import comparison_report  # pandas is loaded only when it is needed
    from entsurge.findings.serial import as_json

    languages, kinds = listed("--lang", lang, LANGUAGES), listed("--format", formats, FORMATS)
    data = comparison_report(
        baselines, candidates, quantile=quantile, least_effect=least_effect / 100, enforce=not other_plan
    )
    if json_only:
        deliver(as_json(data))
    else:
        _say(data)
    if out:
        for path in _write(data, out, languages, kinds):
            click.echo(str(path), err=json_only)
    if strict and data.state == "amber":
        return errors.INVALID
    return errors.MISSED if data.worse else errors.PASS


def _write(data: ComparisonReport, out: Path, languages: tuple[str, ...], kinds: tuple[str, ...]) -> list[Path]:
    from entsurge.findings.serial import as_json
    from entsurge.render import comparison as rendering

    texts = {}
    for each in languages:
        if "html" in kinds:
            texts[out / f"comparison.{each}.html"] = rendering.render_comparison_html(data, each)
        if "md" in kinds:
            texts[out / f"comparison.{each}.md"] = rendering.render_comparison_markdown(data, each)
    if "json" in kinds:
        texts[out / "comparison.json"] = as_json(data)
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def _say(data: ComparisonReport) -> None:
    from entsurge.render.comparison import gravest, ordered
    from entsurge.render.saying import say

    scopes, pages = gravest(data.scopes), ordered(data.pages)
    told = said(
        "candidates: {candidates}, baselines: {baselines}; {scopes} personas and services, {pages} pages, "
        "p{quantile:g} of corrected latency",
        candidates=len(data.candidates), baselines=len(data.baselines), scopes=len(scopes), pages=len(pages),
        quantile=data.quantile,
    )  # fmt: skip
    echo(told)
    for note in data.notes:
        echo(said("  note: {note}", note=say(note, language())))
    for each in data.differences:
        echo(said("  note: the plans differ in {what}", what=say(each, language())))
    shares = {"failed": data.errors.estimate, "refused": data.refused.estimate}
    more = said("  failed: {failed:+.2%} of pages, refused: {refused:+.2%} (more, beyond chance)", **shares)
    echo(more if data.errors_worse else said("  failed: {failed:+.2%} of pages, refused: {refused:+.2%}", **shares))
    for bad in data.failing:
        where = _where(bad.persona, bad.service, bad.page)
        echo(said("✗ {where}fails: {share:.1%}", where=where, share=bad.candidate_share))
    for what, family in ((said("personas and services"), scopes), (said("pages"), pages)):
        for page in family[:SHOWN]:
            click.echo(_line(page))
        if len(family) > SHOWN:
            echo(said("  and {n} more {what}; --json and --out show them", n=len(family) - SHOWN, what=what))
    for change in data.history.changes[:SHOWN]:
        name = said("all pages {outcome}", outcome=said(change.page)) if change.of_share else _about(change)
        of = {"run": change.run, "name": name, "before": change.before, "after": change.after}
        echo(said("  from {run} on: {name} {before:.3g} → {after:.3g}", **of))
    click.echo(f"{SIGNS[data.state]} {here(_verdict(data))}")
    if data.unseen:
        echo(said("  unseen: {what}", what=say(data.unseen, language())))


def _where(persona: str, service: str, page: str) -> str:
    """Three columns of keys in English, of words in French."""
    named_so = (("persona", persona), ("service", service), ("actions", page))
    who, what, which = (here(named(kind, key)) for kind, key in named_so)
    return f"{who:<12}{what:<17}{which:<34}" if language() == "fr" else f"{who:<8}{what:<13}{which:<20}"


def _about(change: LevelChange) -> str:
    """What a change is of: keys in English, words in French."""
    from entsurge.findings.comparison import about

    if language() != "fr":
        return about(change.persona, change.service, change.page)
    kinds = (("persona", change.persona), ("service", change.service), ("actions", change.page))
    return ", ".join(here(named(kind, key)) for kind, key in kinds if key)


def _verdict(data: ComparisonReport) -> str:
    if data.worse:
        return "worse"
    return "no regression beyond chance" if data.can_show else "too few runs to judge"


def _line(page: Compared) -> str:
    """One scope or page; what could have gone unseen has a question mark, and from where on it would have been seen."""
    interval = (
        here("no interval") if page.low is None else here(said("{low:.2f} to {high:.2f}", low=page.low, high=page.high))
    )
    sign = "?" if page.blind else {"regression": "✗", "improvement": "+", "same": " "}[page.state]
    smallest = (
        "" if page.smallest is None else here(said("   shown from {smallest:+.0%} on", smallest=page.smallest - 1))
    )
    return (
        f"{sign} {_where(page.persona, page.service, page.page)}{figure(page.baseline_seconds, '6.2f')} s → "
        f"{figure(page.candidate_seconds, '6.2f')} s   × {figure(page.ratio, '.2f')} ({interval})   "
        f"p {figure(page.p_adjusted, '.3f')}"
        f"{smallest}"
    )
