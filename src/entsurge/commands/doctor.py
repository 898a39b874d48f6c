"""`entsurge doctor`: looks at a target before a run, and at this machine: which faults it cannot do.

Of the target: reach, TLS, clock, sign-on, each page once, descriptors.
"""

from __future__ import annotations

import json
from typing import Any

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.json_output import say_json_lines
from entsurge.commands.options import by_persona
from entsurge.commands.processes import LinesOfEngine
from entsurge.commands.targets import choose
from entsurge.said import said
from entsurge.streams import deliver
from entsurge.terminal import here, lang_option

SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}


@click.command(
    "doctor",
    epilog="Examples: entsurge doctor --target preprod.toml · entsurge doctor --target http://127.0.0.1:8080 "
    "--persona student · entsurge doctor",
)
@click.option(
    "--target",
    shell_complete=complete.files,
    metavar="URL|FILE",
    help="A loopback address, or a target file (TOML). Without: only this machine.",
)
@click.option(
    "--driver",
    shell_complete=complete.drivers,
    metavar="NAME|FILE",
    help="The product, such as entcore, or a driver written in TOML.",
)
@click.option(
    "--persona", shell_complete=complete.personas, multiple=True, help="Only these, such as student; repeatable."
)
@click.option("--scenario", multiple=True, metavar="PERSONA=FILE", help="Look at a scenario of your own; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a finding, no table.")
@lang_option
def command(
    *, target: str | None, driver: str | None, persona: tuple[str, ...], scenario: tuple[str, ...], as_json: bool
) -> int:
    """Look at a target: can it be reached, is it ours to test, does one account per persona get every page.

    Signs on once per persona and opens each page that only reads, once. Then, or alone, at this machine: a fault that
    it cannot do is skipped, never passed. Exits 0 when all is well, 6 when nothing answers, 2 when something else is
    wrong.
    """
    if scenario and target is None:
        raise errors.UsageError("--scenario: held against the actions of a target's driver", hint="--target URL|FILE")
    rows: list[dict[str, Any]] = []
    code = errors.PASS
    if target is not None:
        chosen = choose(target, driver)
        given = {
            "url": chosen.url, "driver": chosen.driver, "target": chosen.file, "personas": list(persona),
            "scenarios": by_persona(scenario), "terminal": not as_json,
        }  # fmt: skip
        lines = LinesOfEngine("--doctor", json.dumps(given))
        for line in lines:
            rows.append(json.loads(line))
            if as_json:
                deliver(line)
        code = lines.code
    faults = _faults()
    if as_json:
        say_json_lines(faults)
    else:
        _table(rows + faults)
    return code


def _faults() -> list[dict[str, Any]]:
    """A row for each fault that this machine cannot do, and one for all that it can."""
    from entsurge.chaos.doctor import abilities

    found = abilities()
    able = [one.kind for one in found if not one.lacks]
    told = said("{able} of {all} can be made here: entsurge chaos doctor", able=len(able), all=len(found))
    rows = [_row(True, said("faults"), told)]
    for one in found:
        if one.lacks:
            lacks = "; ".join(one.lacks)
            rows.append(_row(None, said("fault {kind}", kind=one.kind), said("skipped: {lacks}", lacks=lacks)))
    return rows


def _row(ok: bool | None, check: str, detail: str) -> dict[str, Any]:
    return {"check": check, "ok": ok, "milliseconds": None, "detail": detail}


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name, side in (("", "left"), ("check", "left"), ("ms", "right"), ("what was seen", "left")):
        table.add_column(here(name), justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        sign, colour = SIGNS[row["ok"]]
        took = "" if row["milliseconds"] is None else f"{row['milliseconds']:.0f}"
        table.add_row(Text(sign, colour), Text(here(row["check"])), took, Text(here(row["detail"])))
    Console(width=None).print(table)
