"""`entsurge doctor`: looks at a target before a run: reach, TLS, clock, sign-on, each page once, descriptors."""

from __future__ import annotations

import json
from typing import Any

import click

from entsurge.commands.processes import LinesOfEngine
from entsurge.commands.targets import choose

PERSONAS = ("student", "teacher", "parent", "staff")
SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}


@click.command(
    "doctor",
    epilog="Examples: entsurge doctor --target preprod.toml · entsurge doctor --target http://127.0.0.1:8080 "
    "--persona student",
)
@click.option("--target", required=True, metavar="URL|FILE", help="A loopback address, or a target file (TOML).")
@click.option("--driver", metavar="NAME|FILE", help="The product, such as entcore, or a driver written in TOML.")
@click.option("--persona", multiple=True, type=click.Choice(PERSONAS), help="Only these; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a finding, no table.")
def command(*, target: str, driver: str | None, persona: tuple[str, ...], as_json: bool) -> int:
    """Look at a target: can it be reached, is it ours to test, does one account per persona get every page.

    Signs on once per persona and opens each page that only reads, once. Exits 0 when all is well, 6 when nothing
    answers, 2 when something else is wrong.
    """
    chosen = choose(target, driver)
    given = {
        "url": chosen.url, "driver": chosen.driver, "target": chosen.file, "personas": list(persona or PERSONAS),
    }  # fmt: skip
    rows, lines = [], LinesOfEngine("--doctor", json.dumps(given))
    for line in lines:
        if as_json:
            click.echo(line, nl=False)
        else:
            rows.append(json.loads(line))
    if rows:
        _table(rows)
    return lines.code


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name, side in (("", "left"), ("check", "left"), ("ms", "right"), ("what was seen", "left")):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        sign, colour = SIGNS[row["ok"]]
        took = "" if row["milliseconds"] is None else f"{row['milliseconds']:.0f}"
        table.add_row(Text(sign, colour), Text(row["check"]), took, Text(row["detail"]))
    Console(width=None).print(table)
