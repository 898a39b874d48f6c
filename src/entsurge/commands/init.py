"""`entsurge init`: a folder to begin with: target file, list of accounts, schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from entsurge.errors import UsageError
from entsurge.said import said

TARGET = """#:schema ./target.schema.json
# Where a run goes, as whom, until when. docs/target-files.md says everything that may stand here.
name = "préproduction"
url = "http://127.0.0.1:8080"
hosts = []
driver = "skolengo"          # skolengo, entcore, moodle, or a file of yours such as "ours.toml"

# Outside loopback a run needs this:
# [authorised]
# by = "who, in which function"
# reference = "where it is written"
# from = 2026-01-01
# until = 2026-01-05

[accounts]
file = "accounts.csv"

[limits]
visits_per_second = 5
visitors = 500
guard = { failed_share = 0.2, mean_seconds = 10 }

# [writes]                   # read-only without it
# messages = "test-accounts"
"""
ACCOUNTS = "persona,login,password,school,academy\n"


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of target files, of drivers in TOML and of deployments on paper."""
    from entsurge.drivers.pages_file import PagesFile
    from entsurge.simulation.deployment import schema as deployment
    from entsurge.targets.file import TargetFile

    return {
        "target": TargetFile.model_json_schema(),
        "driver": PagesFile.model_json_schema(),
        "deployment": deployment(),
    }


@click.command("init", epilog="Example: entsurge init ours, then edit ours/target.toml and ours/accounts.csv")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def command(*, folder: Path) -> int:
    """Write into FOLDER a target file, an empty list of accounts (mode 600), and the schemas that complete them.

    Nothing that is there already is written over.
    """
    files = {"target.toml": TARGET, "accounts.csv": ACCOUNTS}
    files |= {f"{name}.schema.json": text(schema) for name, schema in schemas().items()}
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UsageError(
            said("{folder}: {names}: there already", folder=folder, names=", ".join(there)), hint="name another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(said("{folder}: {strerror}", folder=folder, strerror=error.strerror)) from None
    click.echo(f"{folder}: {', '.join(files)}")
    click.echo(f"next: edit them, then: entsurge doctor --target {folder / 'target.toml'}")
    return 0


def text(schema: dict[str, Any]) -> str:
    """A schema as it is published."""
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
