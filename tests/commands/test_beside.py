"""A command with others beside its own work: the first word says which is meant."""

import click
import pytest
from click.testing import CliRunner

from entsurge.commands.beside import Beside


class Kitchen(Beside):
    """A command with one other, which stands in this file."""

    others = {"wash": __name__}


@click.command("wash")
@click.argument("what")
def command(what: str) -> None:
    """The other one."""
    click.echo(f"washed {what}")


@click.command("cook", cls=Kitchen)
@click.argument("what")
@click.option("--hot", is_flag=True)
def cook(what: str, hot: bool) -> None:
    """Its own work."""
    click.echo(f"cooked {what}{' hot' if hot else ''}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["soup", "--hot"], "cooked soup hot"),
        (["./wash"], "cooked ./wash"),
        (["wash", "cup"], "washed cup"),
        (["wash", "--help"], "cook wash [OPTIONS] WHAT"),
        (["--help"], "Its own work."),
    ],
)
def test_the_first_word_chooses(arguments: list[str], said: str) -> None:
    """The other command by its name, its own work for all else; both have their help."""
    done = CliRunner().invoke(cook, arguments)
    assert done.exit_code == 0, done.output
    assert said in done.output
