"""Texts with places in them, `/messages/{message}`: taken apart once, filled in for every request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(:raw)?\}|[{}]")


class Missing(LookupError):
    """A place for which nothing is known yet; `request` says whose, once that is known."""

    def __init__(self, name: str, request: str = "") -> None:
        super().__init__(name)
        self.name, self.request = name, request


class Template:
    """A text with places. `{name}` is filled in, `{name:raw}` without percent-encoding in a URL, `{{` is a brace.

    Raises ValueError for a brace that is neither.
    """

    __slots__ = ("_parts", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[tuple[str, str, bool]] = []  # what stands before a place, its name, whether raw
        at, before = 0, ""
        for found in _PLACE.finditer(text):
            before += text[at : found.start()]
            at = found.end()
            if found[0] in ("{{", "}}"):
                before += found[0][0]
            elif found[1]:
                self._parts.append((before, found[1], bool(found[2])))
                before = ""
            else:
                raise ValueError(f"{text!r}: a lone {found[0]}; a place is {{name}}, a brace {found[0] * 2}")
        self._parts.append((before + text[at:], "", False))
        self.names = frozenset(name for _, name, _ in self._parts if name)

    def fill(self, known: Mapping[str, str], written: Callable[[str], str] = str) -> str:
        """The text with every place filled in; values are `written` so, but for `{name:raw}`. Raises Missing."""
        parts = self._parts
        if len(parts) == 1:
            return parts[0][0]
        filled = []
        for before, name, raw in parts:
            value = _value(known, name) if name else ""
            filled.append(before + (value if raw else written(value)))
        return "".join(filled)

    def url(self, known: Mapping[str, str]) -> str:
        """The text as a URL: what is filled in is percent-encoded, unless it is the whole of it. Raises Missing."""
        parts = self._parts
        if len(parts) == 1:
            return parts[0][0]
        if len(parts) == 2 and not parts[0][0] and not parts[1][0]:
            return _value(known, parts[0][1])
        return self.fill(known, _in_address)


def _in_address(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _value(known: Mapping[str, str], name: str) -> str:
    found = known.get(name)
    if found is None:
        raise Missing(name)
    return found
