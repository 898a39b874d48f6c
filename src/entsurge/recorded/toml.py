"""Writes a drafted driver as a TOML file that a person goes on with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(file: dict[str, Any], notes: Iterable[str]) -> str:
    """The file's text, what is doubtful in comments first."""
    return "\n".join([*(f"# look at: {_on_one_line(note)}" for note in notes), *_lines(file)]) + "\n"


def _on_one_line(text: str) -> str:
    """A text as a comment may hold it."""
    return "".join(each if each.isprintable() else " " for each in text)


def _lines(file: dict[str, Any]) -> Iterator[str]:
    for name, value in file.items():
        if not isinstance(value, (dict, list)):
            yield f"{_key(name)} = {inline(value)}"
    for name, value in file.items():
        if isinstance(value, dict):
            yield from ("", f"[{_key(name)}]")
            for key, each in value.items():
                yield f"{_key(key)} = {inline(each)}"
    for page in file.get("page", ()):
        yield from ("", "[[page]]")
        yield from (f"{_key(name)} = {inline(value)}" for name, value in page.items() if name != "request")
        for request in page["request"]:
            yield "[[page.request]]"
            yield from (f"{_key(name)} = {inline(value)}" for name, value in request.items() if name != "extract")
            yield from (f"extract.{_key(name)} = {inline(rule)}" for name, rule in request.get("extract", {}).items())


def inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(name)} = {inline(each)}" for name, each in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(inline(each) for each in value) + "]"
    text = str(value)
    if ("\\" in text or '"' in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return _quoted(text)


def _quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, half a surrogate pair and DEL apart."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)
