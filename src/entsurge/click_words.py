"""Click's own sentences in the terminal's language: usage, unknown options, missing arguments, values out of range.

Click asks `gettext` for each of them, and gettext looks for compiled catalogues, which we have none of (ADR 16). The
functions that its modules look words up by are ours instead; they read a catalogue only where French is spoken.
"""

from __future__ import annotations

import click.core
import click.exceptions
import click.formatting
import click.parser
import click.types

from entsurge.terminal import here

MODULES = (click.core, click.exceptions, click.formatting, click.parser, click.types)


def _one_or_many(one: str, many: str, count: int) -> str:
    return here(one if count == 1 else many)


def teach() -> None:
    """Have click look its words up in the terminal's catalogue."""
    for module in MODULES:
        vars(module)["_"] = here
        if "ngettext" in vars(module):
            vars(module)["ngettext"] = _one_or_many
