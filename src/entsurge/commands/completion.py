"""`entsurge completion`: commands, options and names completed by bash, zsh and fish."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from entsurge.commands.options import write_text
from entsurge.errors import UsageError
from entsurge.habits import remark
from entsurge.said import said

VARIABLE = "_ENTSURGE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
BASH_COMPLETION = tuple(
    Path(prefix) / "share" / "bash-completion" / "bash_completion" for prefix in ("/usr", "/usr/local", "/opt/homebrew")
)
"""The package bash-completion's main script, without which bash looks into no folder of completions."""


@click.command(
    "completion",
    epilog="Examples: entsurge completion --install · entsurge completion zsh > ~/.zfunc/_entsurge · "
    'eval "$(entsurge completion bash)"',
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Write it where this user's shell looks for it, and say where.")
def command(*, shell: str | None, install: bool) -> int:
    """Print what makes SHELL complete entsurge: commands, options, and values such as profiles and runs.

    Default: the shell that SHELL in the environment names.
    """
    chosen = shell or _of_environment()
    text = script(chosen)
    if not install:
        click.echo(text)
        return 0
    path = place(chosen)
    write_text(path, text + "\n")
    click.echo(path)
    if chosen == "zsh":
        remark(said("~/.zshrc needs, before compinit: fpath=({folder} $fpath)", folder=path.parent))
    if chosen == "bash" and not _bash_looks():
        remark("bash reads this file only where the package bash-completion is installed, and it was not found")
        remark('without it, ~/.bashrc needs: eval "$(entsurge completion bash)"')
    else:
        remark("it completes in the next shell that is opened")
    return 0


def script(shell: str) -> str:
    """What a shell reads to complete `entsurge`."""
    from entsurge.cli import entsurge

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(said("{shell}: no shell that can be completed", shell=shell))
    made = kind(entsurge, {}, "entsurge", VARIABLE)
    return (kind.source_template % made.source_vars()).strip()


def place(shell: str) -> Path:
    """Where a user's own completions stand, by the XDG folders."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "bash": data / "bash-completion" / "completions" / "entsurge",
        "zsh": data / "zsh" / "site-functions" / "_entsurge",
        "fish": config / "fish" / "completions" / "entsurge.fish",
    }[shell]


def _bash_looks() -> bool:
    """Whether bash has what loads completions from their folder, as far as can be told from outside it."""
    return "BASH_COMPLETION_VERSINFO" in os.environ or any(each.is_file() for each in BASH_COMPLETION)


def _of_environment() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        told = said("SHELL names {name!r}; expected one of {known}", name=name, known=", ".join(SHELLS))
        raise UsageError(told, hint="entsurge completion bash")
    return name
