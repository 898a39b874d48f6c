"""`--json`: everything on standard output as one JSON document, and nothing else there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from entsurge.streams import deliver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Everything as JSON, and nothing else.")(function)


def say_json(value: object) -> None:
    """Print a value as an indented document. Raises CannotRecord when nobody receives all of it."""
    deliver(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def say_json_lines(rows: Iterable[object]) -> None:
    """Print a document a line. Raises CannotRecord when nobody receives all of them."""
    deliver("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows))
