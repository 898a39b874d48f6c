"""`entsurge baseline`: runs kept between pipelines, for `entsurge gate --baseline`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge.baselines.place import place
from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.errors import UsageError
from entsurge.habits import remark
from entsurge.said import said
from entsurge.terminal import lang_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.baselines.place import Held, Place

LAST = 10  # as many as `gate` takes
JUDGES = 10


def _endpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--endpoint", metavar="URL", help="Where the S3 service is (default: AWS_ENDPOINT_URL, else AWS's own)."
    )
    return option(function)


@click.group(
    "baseline",
    epilog="Examples: entsurge baseline push runs/new-* --to /srv/baselines/lockdown · "
    "entsurge baseline pull runs/main --from s3://ent-baselines/lockdown",
)
def command() -> None:
    """Keep runs between pipelines: push, pull, list. A place is a folder, or s3://BUCKET/PREFIX (extra `s3`).

    A gate judges by comparison from about ten baselines and three candidates on; with fewer, by objectives alone.
    """


@command.command(
    "push",
    epilog="Examples: entsurge baseline push runs/new-1 runs/new-2 runs/new-3 --to /srv/baselines/lockdown · "
    "entsurge baseline push runs/new-* --to s3://ent-baselines/lockdown --keep 20",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option(
    "--to",
    "where",
    shell_complete=complete.folders,
    required=True,
    metavar="PLACE",
    help="A folder, or s3://BUCKET/PREFIX.",
)
@click.option("--keep", type=click.IntRange(1, 10_000), metavar="N", help="Then remove all but the N newest.")
@_endpoint
@lang_option
@json_option
def push(*, runs: tuple[Path, ...], where: str, keep: int | None, endpoint: str | None, as_json: bool) -> None:
    """Pack RUNS, which ran to their end, and put each into PLACE as a file of its own.

    A run that is there already is not put there twice; two pushes at once lose neither. One place for one profile,
    scale and compression: a gate refuses baselines of another.
    """
    from entsurge.baselines.archive import name_of, pack

    names = {name_of(run): run for run in runs}
    to = place(where, endpoint=endpoint)
    before = _ours(to)
    pushed = [name for name in names if name not in before.runs]
    for name in pushed:
        to.put(name, pack(names[name]))
    now = list(to.held().runs)
    removed = now[:-keep] if keep else []
    for name in removed:
        to.remove(name)
    count = len(now) - len(removed)
    if as_json:
        say_json({"place": str(to), "pushed": pushed, "removed": removed, "baselines": count})
        return
    for name in pushed:
        click.echo(f"{to}: {name}")
    for name in names.keys() - set(pushed):
        remark(said("{place}: {name}: there already", place=to, name=name))
    if count < JUDGES:
        remark(
            said(
                "{place}: baselines: {count}; a gate can tell from about {most} on", place=to, count=count, most=JUDGES
            )
        )


@command.command(
    "pull",
    epilog="Examples: entsurge baseline pull runs/main --from /srv/baselines/lockdown · "
    "entsurge baseline pull runs/main --from s3://ent-baselines/lockdown --allow-empty",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "where",
    shell_complete=complete.folders,
    required=True,
    metavar="PLACE",
    help="A folder, or s3://BUCKET/PREFIX.",
)
@click.option("--last", type=click.IntRange(1, 1000), default=LAST, show_default=True, help="How many, the newest.")
@click.option("--allow-empty", is_flag=True, help="Exit 0 where there is none yet, as in a first pipeline.")
@_endpoint
@lang_option
@json_option
def pull(
    *, folder: Path, where: str, last: int, allow_empty: bool, endpoint: str | None, as_json: bool
) -> None:  # fmt: skip
    """Unpack the newest runs of PLACE into FOLDER, for `entsurge gate … --baseline FOLDER`.

    Exits 2 where PLACE holds none, or only files that are none; 6 where nobody answers there.
    """
    from entsurge.baselines.archive import unpack

    source = place(where, endpoint=endpoint)
    names = _ours(source).runs[-last:]
    if not names and not allow_empty:
        raise UsageError(
            said("{place}: no baseline yet", place=source),
            hint="entsurge baseline push, or --allow-empty the first time",
        )
    if not names:
        remark(said("{place}: no baseline yet", place=source))
    pulled = [unpack(name, source.get(name), folder) for name in names]
    if as_json:
        say_json({"place": str(source), "runs": [str(each) for each in pulled]})
        return
    for each in pulled:
        click.echo(each)


@command.command("list", epilog="Example: entsurge baseline list s3://ent-baselines/lockdown --json")
@click.argument("where", metavar="PLACE", shell_complete=complete.folders)
@_endpoint
@lang_option
@json_option
def listed(*, where: str, endpoint: str | None, as_json: bool) -> None:
    """Which runs PLACE holds, the oldest first; what lies there besides is counted."""
    held = place(where, endpoint=endpoint).held()
    if as_json:
        say_json({"place": where, "runs": list(held.runs), "others": held.others})
        return
    for name in held.runs:
        click.echo(name)
    if held.others:
        remark(said("{place}: other files: {count}", place=where, count=held.others))


def _ours(of: Place) -> Held:
    """What a place holds. Raises UsageError for one that holds other things and no run."""
    held = of.held()
    if held.others and not held.runs:
        raise UsageError(
            said("{place}: holds no baseline, and other files: {count}", place=of, count=held.others),
            hint="is it the right place? a new folder or prefix is made by the first push",
        )
    return held
