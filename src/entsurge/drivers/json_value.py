"""A JSON value as a driver's file writes it in TOML: checked, with a template for every text, filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from entsurge.drivers.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEEPEST = 100


def check_json(value: Any, depth: int = 0) -> None:
    """Raise ValueError for what no JSON can be: a date, `inf`, tables in tables without end, a lone brace."""
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            check_json(each, depth + 1)
    elif isinstance(value, str):
        Template(value)
    elif isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value}: no number of JSON")
    elif not isinstance(value, (int, float)) and value is not None:
        raise ValueError(f"{value}: no value of JSON; in quotes it is a text")


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a JSON value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)


def compiled(value: Any) -> Any:
    """The same value with a `Template` for every text, and numbers that can be written as JSON."""
    if isinstance(value, str):
        return Template(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: compiled(each) for name, each in value.items()}
    return [compiled(each) for each in value] if isinstance(value, list) else value


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """A compiled value with every place filled in. Raises Missing."""
    if isinstance(value, Template):
        return value.fill(known)
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    return [filled(each, known) for each in value] if isinstance(value, list) else value
