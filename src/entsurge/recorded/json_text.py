"""JSON as it was on the wire: numbers as they are written, texts with places written back, the key at a fault."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 60
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_NAMED = 5  # parts of a key that are told
_LONG = re.compile(r"(?<![\w.\"\\])-?\d{4301,}")  # what Python refuses to read as a number


class Number(str):
    """A number as it is written, `1.10`, `1e400`, twenty digits; or a place in its stead."""

    __slots__ = ()


def read(text: str) -> Any:
    """The value, its numbers as `Number`s. Raises ValueError for what is no JSON, or is nested past `DEEPEST`."""
    try:
        found = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if _deeper(found, DEEPEST):
        raise ValueError("nested too deep")
    return found


def read_exactly(text: str) -> Any:
    """As `read`; raises ValueError also where a name comes twice in an object: a table would lose one."""
    json.loads(text, object_pairs_hook=_each_once, parse_int=Number)
    return read(text)


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name twice in an object")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _deeper(value: Any, than: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    return not than or any(_deeper(each, than - 1) for each in (value.values() if isinstance(value, dict) else value))


def written(value: Any) -> str:
    """A value as compact JSON, as browsers write it: the text of a `body`, whose texts are templates already."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        members = (f"{_quoted(doubled(name))}:{written(each)}" for name, each in value.items())
        return "{{" + ",".join(members) + "}}"
    if isinstance(value, list):
        return "[" + ",".join(written(each) for each in value) + "]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair stays an escape
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def doubled(text: str) -> str:
    """A text as a template has it: a brace is two."""
    return text.replace("{", "{{").replace("}", "}}")


# -- where a fault stands --------------------------------------------------------------------------------------------


def long_number(text: str) -> int:
    """Where a number stands that is longer than can be read; -1 for none."""
    found = _LONG.search(text)
    return found.start() if found else -1


def key_at(text: str, at: int) -> str:
    """The key that stands around a place in JSON text, `log.entries.3.request`; its first parts where it is long."""
    held: list[str | int] = []
    for piece in _PIECE.finditer(text, 0, at):
        found = piece[0]
        if found in "[{":
            held.append(0 if found == "[" else "")
        elif found in "]}":
            del held[-1:]
        elif found == ",":
            if held and isinstance(held[-1], int):
                held[-1] += 1
        elif held and isinstance(held[-1], str) and text[piece.end() : piece.end() + 8].lstrip().startswith(":"):
            held[-1] = found[1:-1]
    named = [str(each) for each in held if each != ""]
    return ".".join(named[:_NAMED]) + ("…" if len(named) > _NAMED else "")


def depth_at(text: str, deepest: int) -> int:
    """Where JSON text is first nested deeper than this; -1 for nowhere."""
    depth = 0
    for piece in _PIECE.finditer(text):
        if piece[0] in "[{":
            depth += 1
            if depth > deepest:
                return piece.start()
        elif piece[0] in "]}":
            depth -= 1
    return -1
