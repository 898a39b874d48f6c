"""What is said to whoever sits at the terminal: a text that reads in English and can be said in French at the edge.

`said("{path}: no such file", path=path)` is a `str` like any other, so that raising, testing and logging need know
nothing of languages. It keeps its template, which is its key in `reports/terminal.fr.po`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


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


class Named(str):
    """The key of a persona, a page or a service, which reads as it is and is said in words where French is spoken.

    `kind` is `persona`, or a branch of `reports/common.fr.po` (`actions`, `service`); `french` comes before both.
    """

    __slots__ = ("french", "kind")
    kind: str
    french: str


def named(kind: str, key: str, french: str = "") -> Named:
    """The key with what it is a key of."""
    made = Named(key)
    made.kind, made.french = kind, french
    return made


class Listed(str):
    """Several of these with commas between them, each said for itself."""

    __slots__ = ("each",)
    each: tuple[str, ...]


def listed(each: Iterable[str]) -> Listed:
    """The texts with commas between them."""
    texts = tuple(each)
    made = Listed(", ".join(texts))
    made.each = texts
    return made


def each_of(kind: str, keys: Iterable[str]) -> Listed:
    """Keys of one kind with commas between them."""
    return listed(named(kind, each) for each in keys)
