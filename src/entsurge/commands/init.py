"""`entsurge init`: a folder to begin with: target file, list of accounts, schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge.commands import complete, init_target
from entsurge.commands.init_target import Answers, target_file
from entsurge.commands.json_output import json_option, say_json
from entsurge.errors import UsageError
from entsurge.habits import remark
from entsurge.said import said
from entsurge.terminal import echo, lang_option

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET = target_file(Answers())
ACCOUNTS = "persona,login,password,school,academy\n"


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of target files, of drivers in TOML, of deployments on paper and of devices."""
    from entsurge.audience.devices import schema as devices
    from entsurge.drivers.pages_file import PagesFile
    from entsurge.simulation.deployment import schema as deployment
    from entsurge.targets.file import TargetFile

    return {
        "target": TargetFile.model_json_schema(),
        "driver": PagesFile.model_json_schema(),
        "deployment": deployment(),
        "devices": devices(),
    }


@click.command(
    "init",
    epilog="Examples: entsurge init ours · "
    "entsurge init ours --driver entcore --url https://ent-preprod.example.fr --accounts ./accounts.csv",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--driver",
    shell_complete=complete.drivers,
    metavar="NAME|FILE",
    help="The product, such as entcore, or a driver in TOML.",
)
@click.option("--url", metavar="URL", help="Its address.")
@click.option("--accounts", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Accounts that there are already (CSV); default: an empty list.")  # fmt: skip
@lang_option
@json_option
def command(*, folder: Path, driver: str | None, url: str | None, accounts: Path | None, as_json: bool) -> int:
    """Write into FOLDER a target file, an empty list of accounts (mode 600), and the schemas that complete them.

    On a terminal it asks for what no option says; elsewhere it takes what an embedded ENT has. Nothing that is there
    already is written over.
    """
    given = {
        "url": init_target.address(url) if url else None,
        "product": init_target.driver(driver) if driver else None,
        "accounts": init_target.beside(accounts, folder) if accounts else None,
    }
    _refuse_there(folder, ("target.toml", *([] if accounts else [init_target.LIST])))
    answers = init_target.ask(folder, **given)
    files = {"target.toml": target_file(answers)} | ({} if answers.accounts else {init_target.LIST: ACCOUNTS})
    files |= {f"{name}.schema.json": text(schema) for name, schema in schemas().items()}
    _refuse_there(folder, files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(said("{folder}: {strerror}", folder=folder, strerror=error.strerror)) from None
    if as_json:
        say_json({"folder": str(folder), "files": list(files)})
    else:
        echo(f"{folder}: {', '.join(files)}")
    remark(said("next: edit them, then: entsurge doctor --target {path}", path=folder / "target.toml"))
    return 0


def _refuse_there(folder: Path, files: Iterable[str]) -> None:
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UsageError(
            said("{folder}: {names}: there already", folder=folder, names=", ".join(there)), hint="name another folder"
        )


def text(schema: dict[str, Any]) -> str:
    """A schema as it is published."""
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
