"""`entsurge prune`: lists the runs of a folder that are older than so many days, and removes them when told to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import RUNS
from entsurge.errors import PASS, CannotRecord, UsageError
from entsurge.habits import remark
from entsurge.record.layout import is_run
from entsurge.said import said
from entsurge.terminal import echo, here

if TYPE_CHECKING:
    from entsurge.record.pruning import Found, OldRun

_AGE = re.compile(r"([1-9][0-9]{0,4})([dw])")
_DAYS = {"d": 1, "w": 7}
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))


def _age(context: click.Context, option: click.Parameter, given: str) -> int:
    """Days, of such as 90d or 12w."""
    found = _AGE.fullmatch(given.strip())
    if found is None:
        told = said("{given!r}: expected days or weeks, such as 90d or 12w", given=given)
        raise click.BadParameter(here(told), ctx=context, param=option)
    return int(found[1]) * _DAYS[found[2]]


@click.command("prune", epilog="Examples: entsurge prune --older-than 90d · entsurge prune runs --older-than 26w --yes")
@click.argument("folder", default=RUNS, type=click.Path(path_type=Path, file_okay=False))
@click.option("--older-than", "days", required=True, metavar="AGE", callback=_age, help="Such as 90d or 12w.")
@click.option("--yes", is_flag=True, help="Remove them; without it they are only listed.")
@json_option
def command(*, folder: Path, days: int, yes: bool, as_json: bool) -> int:
    """List the runs in FOLDER (default: runs), however deep, that ended longer ago; with --yes remove them for good.

    A run is a folder with a manifest.json. One that is running stays, whatever its age; links are not followed. Exits
    0, or 7 where something could not be removed.
    """
    from entsurge.record import pruning  # pydantic, when there is something to read

    if not folder.is_dir():
        raise UsageError(said("{folder}: no such folder", folder=folder))
    if is_run(folder):
        raise UsageError(said("{folder}: is a run itself", folder=folder), hint="name the folder that holds it")
    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    found = pruning.find(folder, before, now)
    going = [run for run in found.old if not run.stays]
    if not as_json:
        _tell(found, folder, days, before)
        if going and not yes:
            remark("nothing was removed; --yes removes them")
    try:
        if yes:
            _remove(going, folder, silently=as_json)
    finally:
        if as_json:
            say_json(_as_data(found, before))
    return PASS


def _as_data(found: Found, before: datetime) -> dict[str, object]:
    """What was found, and of each run whether it is gone now."""
    runs = [
        {
            "path": str(run.path), "ended_utc": f"{run.ended:%Y-%m-%dT%H:%M:%SZ}", "bytes": run.size,
            "stays": run.stays, "removed": not run.path.exists(),
        }
        for run in found.old
    ]  # fmt: skip
    return {
        "before_utc": f"{before:%Y-%m-%dT%H:%M:%SZ}", "runs": runs, "younger": found.younger,
        "left_alone": found.left_alone,
    }  # fmt: skip


def _tell(found: Found, folder: Path, days: int, before: datetime) -> None:
    for run in found.old:
        stays = f"  stays: {run.stays}" if run.stays else ""
        echo(f"{run.ended:%Y-%m-%d}  {size(run.size):>8}  {run.path}{stays}")
    going = [run for run in found.old if not run.stays]
    what = f"{len(going)} of {len(found.old) + found.younger} runs in {folder}"
    days_ago = f"{days} day{'s' * (days > 1)} ago"
    echo(f"{what} ended over {days_ago} (before {before:%Y-%m-%d}): {size(sum(run.size for run in going))}")
    for line in found.left_alone:
        echo(f"left alone: {line}", err=True)


def _remove(going: list[OldRun], folder: Path, *, silently: bool) -> None:
    """Remove these runs, those that lie in others first. Raises CannotRecord when all have been tried."""
    from entsurge.record import pruning

    wrong = []
    for run in sorted(going, key=lambda each: -len(each.path.parts)):
        try:
            pruning.remove(run, folder)
        except OSError as error:
            wrong.append(f"{run.path}: not removed: {error.strerror or error}")
        else:
            if not silently:
                echo(f"removed: {run.path}")
    if wrong:
        raise CannotRecord("\n".join(wrong), hint="what could not be removed is listed again next time")


def size(count: int) -> str:
    """Bytes as people read them: `12.4 MB`."""
    unit, name = next(((unit, name) for unit, name in _UNITS if count >= unit), _UNITS[-1])
    return f"{count} B" if unit == 1 else f"{count / unit:.1f} {name}"
