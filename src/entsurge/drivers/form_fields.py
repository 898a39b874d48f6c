"""The fields of a form as a driver's file writes them: a table, or pairs where names come again out of turn."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from entsurge.drivers.template import Template

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_TABLE: dict[str, Any] = {"type": "object", "additionalProperties": {"anyOf": [_TEXT, _TEXTS]}}
_IN_ORDER: dict[str, Any] = {"type": "array", "items": {**_TEXTS, "minItems": 2, "maxItems": 2}}


def _pairs(found: Any) -> Any:
    """A table as pairs in its order, a list of values as a pair each. Raises ValueError, as pydantic wants it."""
    if not isinstance(found, dict):
        return found
    made = []
    for name, value in found.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in values):
            raise ValueError(f"{name}: expected a text, or a list of texts")
        made += [(name, each) for each in values]
    return made


def _with_places(found: tuple[tuple[str, str], ...] | None) -> tuple[tuple[str, str], ...] | None:
    for _, text in found or ():
        Template(text)
    return found


Form = Annotated[
    tuple[tuple[str, str], ...] | None,
    BeforeValidator(_pairs),
    AfterValidator(_with_places),
    WithJsonSchema({"anyOf": [_TABLE, _IN_ORDER, {"type": "null"}]}),
]
"""Name and value of each field in the order in which they are sent; values have places."""
