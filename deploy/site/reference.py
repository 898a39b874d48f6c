"""The reference of the site, made from what is there: commands of click, schemas of docs/schemas, docstrings."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import entsurge
from entsurge import errors, habits
from entsurge.cli import COMMANDS
from entsurge.cli import entsurge as cli
from entsurge.commands.beside import beneath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def pages() -> dict[str, str]:
    """The pages' texts by name."""
    return {"commands.md": commands(), "schemas.md": schemas(), "python.md": face()}


def commands() -> str:
    """Every command with its arguments, options and examples, as `--help` has them."""
    told = ["# Commands", "", "Every command has `--help`.", ""]
    for path, command in walk():
        told += [f"{'##' if len(path) == 2 else '###'} {' '.join(path)}", "", paragraphs(command.help or ""), ""]
        context = click.Context(command, info_name=" ".join(path))
        told += ["```", command.get_usage(context).removeprefix("Usage: "), "```", "", *options(command, context)]
        if shown := habits.examples(command.epilog or ""):
            told += ["```sh", *shown, "```", ""]
    told += ["## Exit codes", "", "```", (errors.__doc__ or "").partition("\n\n")[2].strip(), "```", ""]
    return "\n".join(told)


def walk() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and, of groups, those beneath, in the order of the work: its words and itself."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield ("entsurge", name), command
        for inner, found in beneath(command).items():
            yield ("entsurge", name, inner), found


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """A table of a command's options; nothing of one that has none."""
    records = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    rows = [(first, second) for first, second in records if first != "-h, --help"]
    if rows:
        yield from ("| option | |", "|---|---|")
        for first, second in rows:
            yield f"| `{cell(first)}` | {cell(second)} |"
        yield ""


def cell(text: str) -> str:
    """Text that a table's cell can hold."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def paragraphs(text: str) -> str:
    """A docstring as paragraphs of markdown."""
    return inspect.cleandoc(text).replace("\b\n", "").replace("<", "&lt;")


def schemas() -> str:
    """Every published schema: its title, where it is, its keys at the top."""
    told = ["# Schemas", "", "JSON Schemas of what is written and read; editors complete files by them.", ""]
    for path in sorted(SCHEMAS.glob("*.json")):
        found = json.loads(path.read_text("utf-8"))
        told += [f"## {path.stem}", "", f"[{path.name}](../schemas/{path.name})", ""]
        told += [paragraphs(str(found.get("description", ""))), "", "| key | type | |", "|---|---|---|"]
        needed = set(found.get("required", ()))
        for name, of in found.get("properties", {}).items():
            must = " (required)" if name in needed else ""
            told.append(f"| `{name}`{must} | {cell(kind(of))} | {cell(str(of.get('description', '')))} |")
        told.append("")
    return "\n".join(told)


def kind(of: dict[str, Any]) -> str:
    """The type of a key in a word or two."""
    if "$ref" in of:
        return str(of["$ref"]).rpartition("/")[2]
    if several := of.get("anyOf") or of.get("oneOf"):
        return " or ".join(dict.fromkeys(kind(each) for each in several))
    if "const" in of or "enum" in of:
        return ", ".join(json.dumps(each) for each in of.get("enum", [of.get("const")]))
    name = str(of.get("type", "any"))
    return f"{name} of {kind(of['items'])}" if name == "array" and isinstance(of.get("items"), dict) else name


def face() -> str:
    """What `import entsurge` offers, by its docstrings."""
    told = [
        "# From Python",
        "",
        "`import entsurge` loads nothing heavy; what is named here is loaded when it is used.",
        "",
    ]
    for name in sorted(entsurge.__all__, key=lambda each: (each not in ("Visitor", "journey"), each)):  # Locust first
        of = getattr(entsurge, name)
        told += [f"## {name}", "", paragraphs(of.__doc__ or ""), ""]
        if inspect.isclass(of) and name != "Visitor":
            for inner, member in vars(of).items():
                if not inner.startswith("_"):
                    told += member_of(name, inner, member)
        elif inspect.isfunction(of):
            told += ["```python", f"{name}{signature(of)}", "```", ""]
    return "\n".join(told)


def member_of(owner: str, name: str, member: object) -> list[str]:
    """One member of a class: its signature where it is called, its docstring."""
    of = getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "func", None) or member
    if not inspect.isfunction(of):
        return []
    called = inspect.isfunction(member) or hasattr(member, "__func__")
    shown = f"{owner}.{name}{signature(of)}" if called else f"{owner}.{name}"
    return [f"### {owner}.{name}", "", "```python", shown, "```", "", paragraphs(of.__doc__ or ""), ""]


def signature(of: Callable[..., object]) -> str:
    """How a function is called: without its object, types as they are written."""
    return (
        str(inspect.signature(of))
        .replace("'", "")
        .replace("(self, ", "(")
        .replace("(cls, ", "(")
        .replace("(self)", "()")
    )
