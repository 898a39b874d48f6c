"""`entsurge import-har`: drafts a driver in TOML from a visit that a browser recorded, and tries it if asked."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import write_text
from entsurge.commands.processes import LinesOfEngine
from entsurge.commands.targets import choose
from entsurge.errors import PASS, USAGE, CannotRecord, UsageError
from entsurge.habits import remark
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


@dataclass(frozen=True)
class Tried:
    """What came of the draft: the exit code, a row for each finding, what is still to be done (None: not tried)."""

    code: int
    rows: list[dict[str, Any]] | None = None
    left: list[str] | None = None


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
    "--try",
    "trial",
    shell_complete=complete.files,
    metavar="TARGET",
    help="Play the draft once against this target file (or loopback address).",
)
@json_option
def command(
    *, file: Path, host: tuple[str, ...], target: Path | None, out: Path | None, force: bool, trial: str | None,
    as_json: bool,
) -> int:  # fmt: skip
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
    if out is not None:
        write_text(out, text)
    elif not as_json:
        click.echo(text, nl=False)
    _say(visit, made)
    found = _next(made, out) if trial is None else _try_wherever(made, out, text, trial)
    if as_json:
        where = {"written": str(out), "driver": None} if out else {"written": None, "driver": text}
        say_json(_of_recording(visit, made) | where | {"tried": found.rows, "left": found.left})
    return found.code


def _of_recording(visit: Visit, made: Draft) -> dict[str, Any]:
    """What was kept of the recording, what was not, and what a person should look at, for programs."""
    return {
        "hosts": visit.hosts,
        "requests": len(visit.steps),
        "dropped": dict(visit.dropped.most_common()),
        "pages": [page["action"] for page in made.file["page"]],
        "notes": made.notes,
    }


def _say(visit: Visit, made: Draft) -> None:
    """What was kept of the recording, and what was not."""
    count = len(made.file["page"])
    remark(f"{len(visit.steps)} requests to {', '.join(visit.hosts)}: {count} pages")
    if visit.dropped:
        which = ", ".join(f"{name} ({number})" for name, number in visit.dropped.most_common(8))
        remark(f"dropped, for their hosts were not named: {which}")


def _next(made: Draft, out: Path | None) -> Tried:
    for note in made.notes:
        echo(f"look at: {note}", err=True)
    if out is not None:
        remark(f"{out}: accepted; next: entsurge doctor --target URL --driver {out}")
    return Tried(PASS)


def _try_wherever(made: Draft, out: Path | None, text: str, trial: str) -> Tried:
    """Play the draft from where it was written, else from a folder that is gone afterwards."""
    if out is not None:
        return _try(made, out, trial)
    with tempfile.TemporaryDirectory(prefix="entsurge-draft-") as folder:
        path = Path(folder) / "draft.toml"
        path.write_text(text, encoding="utf-8")
        return _try(made, path, trial)


def _try(made: Draft, path: Path, trial: str) -> Tried:
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
        return Tried(lines.code, rows, [])
    left = remaining(made.file, rows, made.notes)
    echo(f"still to be done ({len(left)}):" if left else "nothing is left to be done", err=True)
    for number, sentence in enumerate(left, 1):
        echo(f"{number:3}. {sentence}", err=True)
    return Tried(lines.code or (USAGE if has_masks(made.file) else PASS), rows, left)
