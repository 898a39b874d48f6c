"""A command that has others beside its own work: `entsurge simulate PROFILE …`, and `entsurge simulate fit RUN…`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click

from entsurge import habits

if TYPE_CHECKING:
    from collections.abc import Mapping


class Beside(click.Command):
    """A command whose first word may name another one, which is imported when it is called.

    `others` has the module of each by its name. Whoever means a file of that name writes it with a `/` or an ending.
    """

    others: ClassVar[Mapping[str, str]] = {}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of this command, or that of the one that the first word names."""
        if not args or args[0] not in self.others:
            return super().make_context(info_name, args, parent, **extra)
        return self.other(args[0]).make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def other(self, name: str) -> click.Command:
        """The command that this word names, imported now."""
        command: click.Command = import_module(self.others[name]).command
        return habits.adopt(command, f"{self.name} {name}")

    def invoke(self, ctx: click.Context) -> Any:
        """Call whichever of them the context is of."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


def beneath(command: click.Command) -> dict[str, click.Command]:
    """The commands that are called by a word after this one's: those of a group, and those beside its own work."""
    if isinstance(command, Beside):
        return {name: command.other(name) for name in command.others}
    return dict(command.commands) if isinstance(command, click.Group) else {}
