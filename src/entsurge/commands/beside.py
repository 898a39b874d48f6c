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
        module = self.others.get(args[0]) if args else None
        if module is None:
            return super().make_context(info_name, args, parent, **extra)
        other = habits.adopt(import_module(module).command, f"{self.name} {args[0]}")
        return other.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Call whichever of them the context is of."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)
