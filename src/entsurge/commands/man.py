"""`entsurge man`: the manual page of all commands, as `man` reads it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import __version__
from entsurge.commands.beside import beneath
from entsurge.commands.options import write_text
from entsurge.habits import remark

if TYPE_CHECKING:
    from collections.abc import Iterator

SEE = "The documents are beside the source, in docs/."


@click.command("man", epilog="Examples: entsurge man --install · entsurge man > entsurge.1 · entsurge man | man -l -")
@click.option("--install", is_flag=True, help="Write it where this user's `man` looks for it, and say where.")
def command(*, install: bool) -> None:
    """Print the manual page entsurge(1), made of what every command says of itself."""
    text = page()
    if not install:
        click.echo(text, nl=False)
        return
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    path = data / "man" / "man1" / "entsurge.1"
    write_text(path, text)
    click.echo(path)
    remark("it is read by: man entsurge")


def page() -> str:
    """The page in roff, dated by SOURCE_DATE_EPOCH where that is set."""
    from entsurge.cli import entsurge

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    day = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    root = click.Context(entsurge, info_name="entsurge", **entsurge.context_settings)
    begin, _, rest = (entsurge.help or "").partition(".")
    lines = [
        f'.TH ENTSURGE 1 "{day:%Y-%m-%d}" "entsurge {__version__}"',
        ".nh", ".ad l", ".SH NAME", f"entsurge \\- {_plain(begin)}",
        ".SH SYNOPSIS", ".B entsurge", "[options] command [arguments]",
        ".SH DESCRIPTION", *_paragraphs(rest),
        ".SH OPTIONS", *_options(root), ".SH COMMANDS",
    ]  # fmt: skip
    for name in entsurge.list_commands(root):
        found = entsurge.get_command(root, name)
        if found is not None:
            lines += _command(found, click.Context(found, info_name=name, parent=root))
    lines += [".SH EXIT STATUS", *_paragraphs(entsurge.epilog or ""), ".SH SEE ALSO", _plain(SEE)]
    return "\n".join(lines) + "\n"


def _command(found: click.Command, context: click.Context) -> Iterator[str]:
    """A section of the command, and one of each command of its own."""
    yield f".SS {_plain(context.command_path)}"
    yield f".B {_plain(context.command_path)}"
    yield _plain(" ".join(found.collect_usage_pieces(context)))
    yield from _paragraphs(found.help or "")
    yield from _options(context)
    yield from _paragraphs(found.epilog or "")
    for name, each in beneath(found).items():
        yield from _command(each, click.Context(each, info_name=f"{context.info_name} {name}", parent=context.parent))


def _options(context: click.Context) -> Iterator[str]:
    for each in context.command.get_params(context):
        told = each.get_help_record(context)
        if told is not None and told[1]:
            yield ".TP"
            yield f".B {_plain(told[0])}"
            yield _plain(told[1])


def _paragraphs(text: str) -> Iterator[str]:
    r"""Paragraphs, filled; one that click is told not to fill (`\b`) as it stands."""
    for each in text.replace("\f", "").strip().split("\n\n"):
        lines = [line for line in each.splitlines() if line.strip()]
        if not lines:
            continue
        yield ".PP"
        if lines[0] == "\b":
            yield from (".nf", *map(_plain, lines[1:]), ".fi")
        else:
            yield _plain(" ".join(line.strip() for line in lines))


def _plain(text: str) -> str:
    """A text as roff prints it: no escapes of its own, no line that it takes for a request."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("|", "|\\:")
    return f"\\&{safe}" if safe[:1] in {".", "'"} else safe
