"""`entsurge import-har`: drafts a driver in TOML from a visit that a browser recorded."""

from __future__ import annotations

from pathlib import Path

import click

from entsurge.errors import UsageError
from entsurge.recorded import har
from entsurge.recorded.draft import draft
from entsurge.recorded.toml import written
from entsurge.targets import file as targets


@click.command(
    "import-har",
    epilog="Record a visit in the browser's developer tools (Network, Preserve log, Save all as HAR with content), "
    "from before the sign-on; then: entsurge import-har visit.har --out ours.toml",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--host", multiple=True, help="A host that belongs to the ENT; repeatable (default: the first page's).")
@click.option("--target", type=click.Path(path_type=Path, dir_okay=False), help="A target file whose hosts belong too.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write (default: standard output)."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(*, file: Path, host: tuple[str, ...], target: Path | None, out: Path | None, force: bool) -> int:
    """Draft a driver from FILE, a HAR: pages, what feeds on what, sign-on and signs.

    Third parties are dropped, secrets are masked, and what is doubtful is said. The draft is accepted by
    `--driver ours.toml` as it is, unless it says otherwise.
    """
    visit = har.read(file, (*host, *(targets.load(target).file.all_hosts if target else ())))
    made = draft(visit)
    text = written(made.file, made.notes)
    if out is None:
        click.echo(text, nl=False)
    else:
        if out.exists() and not force:
            raise UsageError(f"{out}: is there already", hint="--force writes over it")
        out.write_text(text, encoding="utf-8")
    pages = made.file["page"]
    click.echo(f"{len(visit.steps)} requests to {', '.join(visit.hosts)}: {len(pages)} pages", err=True)
    if visit.dropped:
        which = ", ".join(f"{name} ({count})" for name, count in visit.dropped.most_common(8))
        click.echo(f"dropped, for their hosts were not named: {which}", err=True)
    for note in made.notes:
        click.echo(f"look at: {note}", err=True)
    if out is not None:
        _check(out)
    return 0


def _check(out: Path) -> None:
    """Say whether the draft is accepted as it is."""
    from entsurge.drivers import pages_file

    pages_file.load(out)
    click.echo(f"{out}: accepted; next: entsurge doctor --target URL --driver {out}", err=True)
