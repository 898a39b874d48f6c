"""What is said to whoever sits at the terminal: a text that reads in English and can be said in French at the edge.

`said("{path}: no such file", path=path)` is a `str` like any other, so that raising, testing and logging need know
nothing of languages. It keeps its template, which is its key in `reports/terminal.fr.po`.
"""

from __future__ import annotations

from typing import Any


class Said(str):
    """A text with the template and the fields that it was made of."""

    __slots__ = ("fields", "template")
    template: str
    fields: dict[str, Any]


def said(template: str, **fields: object) -> Said:
    """The template with its fields filled in."""
    made = Said(template.format(**fields))
    made.template, made.fields = template, fields
    return made
