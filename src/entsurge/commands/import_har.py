"""`entsurge import-har`: drafts a driver in TOML from a visit that a browser recorded, and tries it if asked."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge.commands.options import write_text
from entsurge.commands.processes import LinesOfEngine
from entsurge.commands.targets import choose
from entsurge.errors import PASS, USAGE, CannotRecord, UsageError
from entsurge.recorded import har
from entsurge.recorded.draft import draft
from entsurge.recorded.proof import prove
from entsurge.recorded.remaining import has_masks, remaining
from entsurge.recorded.toml import written
from entsurge.said import said
from entsurge.targets import file as targets
from entsurge.terminal import echo

if TYPE_CHECKING:
    from entsurge.recorded.draft import Draft
    from entsurge.recorded.har import Visit


SIGNS = {True: "✓", False: "✗", None: "·"}


@click.command(
    "import-har",
    epilog="Record a visit in the browser's developer tools (Network, Preserve log; Chrome: Export HAR (with sensitive "
    "data)), from before the sign-on; then: entsurge import-har visit.har --out ours.toml --try target.toml",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--host",
    multiple=True,
    help="A host that belongs to the ENT, with a port or without; repeatable (default: the site).",
)
@click.option("--target", type=click.Path(path_type=Path, dir_okay=False), help="A target file whose hosts belong too.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write (default: standard output)."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option(
    "--try", "trial", metavar="TARGET", help="Play the draft once against this target file (or loopback address)."
)
def command(
    *, file: Path, host: tuple[str, ...], target: Path | None, out: Path | None, force: bool, trial: str | None
) -> int:
    """Draft a driver from FILE, a HAR: pages, what feeds on what, sign-on and signs.

    Third parties are dropped, secrets are masked, and what is doubtful is said. The draft is loaded as a driver before
    it is shown. With --try one account signs on and opens each page once; pages that write are opened only where the
    target file allows it. Then what is still to be done is listed in the order of work: exits 0 when nothing of it has
    failed, 6 when nothing answers, 2 otherwise.
    """
    if out is not None and out.exists() and not force:
        raise UsageError(said("{out}: is there already", out=out), hint="--force writes over it")
    if out is not None and not out.parent.is_dir():
        raise CannotRecord(said("{out}: {strerror}", out=out, strerror=os.strerror(errno.ENOENT)))
    if trial is not None:
        choose(trial)  # what is wrong with it is said before anything is written
    visit = har.read(file, (*host, *(targets.load(target).file.all_hosts if target else ())))
    made = draft(visit)
    text = written(made.file, made.notes)
    prove(text, str(file))
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
    _say(visit, made)
    if trial is None:
        return _next(made, out)
    if out is not None:
        return _try(made, out, trial)
    with tempfile.TemporaryDirectory(prefix="entsurge-draft-") as folder:
        path = Path(folder) / "draft.toml"
        path.write_text(text, encoding="utf-8")
        return _try(made, path, trial)


def _say(visit: Visit, made: Draft) -> None:
    """What was kept of the recording, and what was not."""
    count = len(made.file["page"])
    echo(f"{len(visit.steps)} requests to {', '.join(visit.hosts)}: {count} pages", err=True)
    if visit.dropped:
        which = ", ".join(f"{name} ({number})" for name, number in visit.dropped.most_common(8))
        echo(f"dropped, for their hosts were not named: {which}", err=True)


def _next(made: Draft, out: Path | None) -> int:
    for note in made.notes:
        echo(f"look at: {note}", err=True)
    if out is not None:
        echo(f"{out}: accepted; next: entsurge doctor --target URL --driver {out}", err=True)
    return PASS


def _try(made: Draft, path: Path, trial: str) -> int:
    """Play the draft once; say what came of each page, and what is still to be done."""
    chosen = choose(trial, str(path.absolute()))
    given = {
        "url": chosen.url, "driver": chosen.driver, "target": chosen.file, "personas": [], "scenarios": {},
        "once": True,
    }  # fmt: skip
    lines = LinesOfEngine("--doctor", json.dumps(given))
    rows: list[dict[str, Any]] = []
    for line in lines:
        row = json.loads(line)
        rows.append(row)
        if " " in row["check"]:
            echo(f"{SIGNS[row['ok']]} {row['check']}: {row['detail']}", err=True)
    if lines.code and not rows:  # the engine has said why
        return lines.code
    left = remaining(made.file, rows, made.notes)
    echo(f"still to be done ({len(left)}):" if left else "nothing is left to be done", err=True)
    for number, sentence in enumerate(left, 1):
        echo(f"{number:3}. {sentence}", err=True)
    return lines.code or (USAGE if has_masks(made.file) else PASS)
