"""`entsurge compare`: whether a candidate is worse than its baseline, beyond chance."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import errors

if TYPE_CHECKING:
    from entsurge.analysis.comparison import Comparison, PageFinding

SHOWN = 12


@click.command(
    "compare",
    epilog="Example: entsurge compare runs/base-1 runs/base-2 runs/base-3 runs/base-4 --candidate runs/new-1 "
    "--candidate runs/new-2 --candidate runs/new-3",
)
@click.argument("baselines", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--candidate", "candidates", multiple=True, required=True, type=click.Path(path_type=Path),
              help="A run to hold against the baselines; repeatable.")  # fmt: skip
@click.option("--quantile", type=click.FloatRange(1, 99.9), default=95.0, show_default=True, help="In percent.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def command(baselines: tuple[Path, ...], candidates: tuple[Path, ...], quantile: float, *, as_json: bool) -> int:
    """Hold candidate runs against BASELINES, the run being the unit: 0 no worse, 3 a regression beyond chance.

    A page has regressed when it became at least a tenth slower and the difference stands over all pages (Westfall-Young
    max-T, 5 %). Four runs a side, or ten against three, can show one; fewer show ratios only.
    """
    from entsurge.analysis import read_run  # pandas is loaded only when it is needed
    from entsurge.analysis.comparison import compare

    found = compare([read_run(path) for path in baselines], [read_run(path) for path in candidates], quantile=quantile)
    if as_json:
        click.echo(json.dumps(asdict(found) | {"worse": found.worse}, indent=1))
    else:
        _say(found)
    return errors.MISSED if found.worse else errors.PASS


def _say(found: Comparison) -> None:
    click.echo(
        f"{found.candidates} candidate(s) against {found.baselines} baseline(s), {len(found.pages)} pages, "
        f"p{found.quantile:g} of corrected latency"
    )
    for note in found.notes:
        click.echo(f"  note: {note}")
    click.echo(
        f"  errors: {found.errors.estimate:+.2%} of pages{' (more, beyond chance)' if found.errors_worse else ''}"
    )
    by_weight = sorted(found.pages, key=lambda page: (page.state != "regression", page.p_adjusted, -page.ratio))
    for page in by_weight[:SHOWN]:
        click.echo(_line(page))
    if len(by_weight) > SHOWN:
        click.echo(f"  and {len(by_weight) - SHOWN} more, all without a finding; --json shows them")
    verdict = "worse" if found.worse else "no regression beyond chance"
    click.echo(f"{'✗' if found.worse else '✓'} {verdict}")


def _line(page: PageFinding) -> str:
    interval = "no interval" if page.low is None else f"{page.low:.2f} to {page.high:.2f}"
    sign = {"regression": "✗", "improvement": "+", "same": " "}[page.state]
    return (
        f"{sign} {page.persona:<8}{page.service:<13}{page.page:<20}{page.baseline_seconds:6.2f} s → "
        f"{page.candidate_seconds:6.2f} s   × {page.ratio:.2f} ({interval})   p {page.p_adjusted:.3f}"
    )
