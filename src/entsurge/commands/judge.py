"""After a run: verdicts, report, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from entsurge import errors
from entsurge.said import said
from entsurge.streams import deliver
from entsurge.terminal import echo, language

if TYPE_CHECKING:
    from pathlib import Path


def judge(runs: list[Path], out: Path, *, engine_codes: list[int], as_json: bool = False) -> int:
    """Write verdicts and report of the runs, say them, and return the exit code by its documented precedence.

    With `as_json` stdout has what `gate --json -` writes, stderr the words. Who has asked for the end waits for this:
    a line says so before the seconds that it takes.
    """
    if any(code in errors.ENDED for code in engine_codes):
        echo("entsurge: verdict and report are made of what there is; this takes some seconds", err=True)
    from entsurge.findings.serial import as_json as written
    from entsurge.gate import gate  # pandas is loaded only when there is something to judge
    from entsurge.render import write_report
    from entsurge.render.ci import gate_report
    from entsurge.render.gate_lines import gate_lines

    result = gate(runs)
    for line in gate_lines(result, language()):
        click.echo(line, err=as_json)
    for kind, path in write_report(runs, out).items():
        if kind.startswith("html"):
            echo(said("report: {path}", path=path), err=as_json)
    if as_json:
        deliver(written(gate_report(result)))
    return errors.exit_code([*engine_codes, *result.end_codes], result.conclusions)
