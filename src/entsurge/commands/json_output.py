"""`--json`: everything on standard output as one JSON document, and nothing else there; what is no number is null."""

from __future__ import annotations

import json
import math
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
    deliver(_dumped(value, indent=1))


def say_json_lines(rows: Iterable[object]) -> None:
    """Print a document a line. Raises CannotRecord when nobody receives all of them."""
    deliver("".join(_dumped(row) for row in rows))


def _dumped(value: object, indent: int | None = None) -> str:
    return json.dumps(_finite(value), ensure_ascii=False, indent=indent, default=str, allow_nan=False) + "\n"


def _finite(value: object) -> object:
    """The value with null for infinity and for what is no number: JSON has neither."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
