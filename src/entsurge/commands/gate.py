"""`entsurge gate`: verdict and exit code for CI."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("gate", epilog="Example: entsurge gate runs/20260901T070000Z-lockdown-2020 --junit gate.xml")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the objectives as JUnit.")
def command(runs: tuple[Path, ...], junit: Path | None) -> int:
    """Judge RUNS: 0 pass, 3 objectives missed, 4 the measurement supports no verdict, 5 to 7 and 130 as documented."""
    from entsurge.gate import gate  # pandas is loaded only when it is needed

    result = gate(list(runs), junit=junit)
    for line in result.lines:
        click.echo(line)
    code: int = result.exit_code
    return code
