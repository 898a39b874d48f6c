"""`entsurge gate`: verdict and exit code for CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge.commands import complete
from entsurge.commands.options import FiniteRange, Several, folder_argument, write_text
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import lang_option, language

if TYPE_CHECKING:
    from entsurge.gate import GateResult

STDOUT = Path("-")


@click.command(
    "gate",
    cls=Several,
    epilog="Examples: entsurge gate runs/20260901T070000Z-lockdown-2020 --junit gate.xml · "
    "entsurge gate runs/new-1 runs/new-2 runs/new-3 --baseline runs/main-* --github · "
    "entsurge gate runs/new --objectives strict.toml --gitlab ci/",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--baseline", "baselines", multiple=True, type=click.Path(path_type=Path), metavar="RUN…",
              shell_complete=complete.runs,
              help="Runs to be no worse than, or a folder of them: the last ten are taken.")  # fmt: skip
@click.option("--objectives", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A TOML file of [[objective]] tables instead of the runs' own.")  # fmt: skip
@click.option("--quantile", type=FiniteRange(1, 99.9), default=95.0, show_default=True,
              help="Of each page, for the comparison; in percent.")  # fmt: skip
@click.option("--least-effect", type=FiniteRange(0, 1000), default=10.0, show_default=True,
              help="By how many percent a page must be slower to count.")  # fmt: skip
@click.option("--strict", is_flag=True,
              help="Exit 4 where the comparison could have missed a slowdown of --least-effect.")  # fmt: skip
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a case per objective as JUnit.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), metavar="FILE",
              help="Write everything as JSON; - for standard output, and nothing else there.")  # fmt: skip
@click.option("--github", is_flag=True, help="Annotations on stdout; a summary where GITHUB_STEP_SUMMARY is set.")
@click.option("--gitlab", shell_complete=complete.folders, metavar="FOLDER", callback=folder_argument,
              help="Write load-performance.json for GitLab there, annotations.json too in a job.")  # fmt: skip
@lang_option
@click.option("--quiet", is_flag=True, help="The one-line verdict alone.")
@lasting_streams()
def command(
    *, runs: tuple[Path, ...], baselines: tuple[Path, ...], objectives: Path | None, quantile: float,
    least_effect: float, strict: bool, junit: Path | None, json_path: Path | None, github: bool, gitlab: Path | None,
    quiet: bool,
) -> int:  # fmt: skip
    """Judge RUNS, and hold them against baselines if there are any.

    Exits 0 pass, 2 usage (a baseline of another profile, an objective of an unknown service), 3 objectives missed or
    worse than the baseline, 4 not to be believed or too small to tell (with --strict: or the comparison could have
    missed a slowdown), 5 to 7 and 130 as documented in docs/gate.md.
    """
    from entsurge.gate import gate  # pandas is loaded only when it is needed
    from entsurge.render.gate_lines import gate_lines, one_line

    lang = language()
    result = gate(
        list(runs), baselines=baselines, objectives=objectives, quantile=quantile, least_effect=least_effect / 100,
        strict=strict,
    )  # fmt: skip
    alone = json_path == STDOUT
    for line in [] if quiet else gate_lines(result, lang):
        click.echo(line, err=alone)
    _write(result, lang, junit=junit, json_path=json_path, gitlab=gitlab)
    if github:
        _github(result, lang)
    click.echo(one_line(result, lang), err=alone)
    if result.problem is not None:
        raise result.problem
    return result.exit_code


def _write(result: GateResult, lang: str, *, junit: Path | None, json_path: Path | None, gitlab: Path | None) -> None:
    if not (junit or json_path or gitlab):
        return
    from entsurge.findings.serial import as_json
    from entsurge.render import ci

    if junit:
        write_text(junit, ci.gate_junit(result))
    if json_path == STDOUT:
        deliver(as_json(ci.gate_report(result)))
    elif json_path:
        write_text(json_path, as_json(ci.gate_report(result)))
    if gitlab:
        write_text(gitlab / "load-performance.json", ci.gitlab_load_performance(result))
        job = os.environ.get("CI_JOB_URL")
        if job:
            write_text(gitlab / "annotations.json", ci.gitlab_annotations(result, job, lang))


def _github(result: GateResult, language: str) -> None:
    from entsurge.render import ci

    for line in ci.github_annotations(result, language):
        click.echo(line)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        write_text(Path(summary), ci.github_summary(result, language), append=True)
