"""`entsurge cleanup`: removes from a target what a run wrote there."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.processes import LinesOfEngine
from entsurge.commands.targets import choose
from entsurge.terminal import echo


@click.command("cleanup", epilog="Example: entsurge cleanup runs/20261124T114527Z-lockdown-2020")
@click.argument("run", type=click.Path(path_type=Path, file_okay=False), shell_complete=complete.runs)
@click.option(
    "--target",
    shell_complete=complete.files,
    metavar="URL|FILE",
    help="Where the run's target is now (default: what its manifest says).",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(*, run: Path, target: str | None, yes: bool, as_json: bool) -> int:
    """Remove what RUN created on its target, as the accounts that created it; list what cannot be removed.

    Exits 0 when nothing is left. What has been removed is kept in the run directory: a second call asks no more of it.
    """
    from entsurge.record.reading.documents import read_created  # pydantic, when there is something to read

    of, count = _target(run), len(read_created(run))
    if not count:
        if as_json:
            say_json({"states": {}, "left": []})
        else:
            echo("this run wrote nothing on its target")
        return errors.PASS
    chosen = choose(target or of["file"] or of["url"], None if target or of["file"] else of["driver"])
    if not yes:
        _confirm(f"{count} things were written on {chosen.url}; remove them?")
    given = {"run": str(run), "url": chosen.url, "driver": chosen.driver, "target": chosen.file}
    states: Counter[str] = Counter()
    left = []
    lines = LinesOfEngine("--cleanup", json.dumps(given))
    for line in lines:
        row = json.loads(line)
        states[row["state"].partition(":")[0]] += 1
        if row["state"] not in ("removed", "gone"):
            left.append(row)
            echo(f"{row['url']}: {row['state']}", err=as_json)
    if as_json:
        say_json({"states": states, "left": left})
        return lines.code
    echo(", ".join(f"{state}: {number}" for state, number in sorted(states.items())) or "nothing was left")
    return lines.code


def _confirm(question: str) -> None:
    """Ask whoever sits there. Raises UsageError where nobody does."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise errors.UsageError("nobody answered", hint="entsurge cleanup RUN --yes does not ask") from None
    if not agreed:
        raise click.Abort


def _target(path: Path) -> dict[str, str]:
    """What the manifest says of the target. Raises UsageError."""
    from entsurge.record.reading.documents import read_whose  # as above

    of = read_whose(path)["target"]
    return {"url": of["url"], "driver": of.get("driver") or "portal", "file": of.get("file") or ""}
