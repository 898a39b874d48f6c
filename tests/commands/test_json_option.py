"""Which commands have `--json`, and which have not, as docs/configuration.md says."""

from collections.abc import Iterator
from pathlib import Path

import click

from entsurge.cli import COMMANDS, entsurge

WITHOUT = {  # and why
    "brief": "--format json", "chaos edge": "serves", "chaos recover": "acts", "chaos stop": "acts",
    "completion": "text for a shell", "demo": "names the pages that it wrote", "export": "names the files it wrote",
    "import-har": "writes TOML", "init": "names the files it wrote", "man": "text", "population": "writes CSV",
    "sandbox": "serves", "worker": "serves",
}  # fmt: skip
SETTINGS = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def commands(name: str, command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    """A command, or each of a group, with its whole name."""
    context = click.Context(entsurge)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from commands(f"{name} {each}".strip(), command.get_command(context, each))
    elif command is not None:
        yield name, command


def test_every_command_has_json_or_is_named() -> None:
    """A new command without it is a decision: it is named here, and in the documentation."""
    context = click.Context(entsurge)
    every = [found for name in COMMANDS for found in commands(name, entsurge.get_command(context, name))]
    lacking = {name for name, each in every if not any("--json" in option.opts for option in each.params)}
    assert lacking == {*WITHOUT}
    sentence = SETTINGS.read_text("utf-8").partition("- `--json`:")[2].partition("\n- ")[0]
    assert [name for name in sorted(lacking) if f"`{name}`" not in sentence] == []
