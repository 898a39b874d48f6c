"""Changes to what a JSON or TOML file holds: values of other types, lost and doubled keys, numbers at the edges."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Literal

from fuzzing.texts import CHANGES

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

Form = Literal["json", "toml"]


class Raw(str):
    """Stands in the file as it is."""

    __slots__ = ()


INSTEAD: tuple[Any, ...] = (
    None, True, False, "", " ", [], {}, [[]], [None], {"a": 1}, [{}], "\x00", "\ufffe", "\ud800", "\u2028\u202e", "é",
    "a" * 5000, "../..", "09:00", "25:99", "24:00", "1/0", "0/1", "1/86", "2026-02-30", "2020-03-16", "http://[",
    "http://192.0.2.1/é?a b#c", "{", "{a}", "{{", "p95 < 1s", "*", "student", "home", "[", "(a+)+$", "$..a[?@.b]",
    "input[", "NaN", *map(Raw, ("0", "-0", "-1", "0.1", "1e308", "-1e308", "1e400", "1e-400", "9" * 400, "9" * 5000,
    "9223372036854775807", "9223372036854775808", "[" * 100 + "]" * 100, "[" * 3000 + "]" * 3000, "inf", "nan",
    "1979-05-27T07:32:00Z", "07:32:00", "'''\n'''")),
)  # fmt: skip
DEEPEST = 200
LETTERS = ("", "s", ".", "\x00", "é")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def parsed(data: bytes, form: Form) -> Any:
    """The tree; None where there is none, or one too deep to be walked: how deep JSON is read differs by Python."""
    try:
        text = data.decode("utf-8-sig")
        tree = json.loads(text) if form == "json" else tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return tree if _is_shallow(tree) else None


def _is_shallow(tree: Any) -> bool:
    """Whether containers stand in one another no deeper than is walked here."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [each for one in level for each in _within(one)]
        if not level:
            return True
    return False


def _within(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return [*one.values()]
    return one if isinstance(one, list) else []


def changed(tree: Any, dice: random.Random, other: Any) -> Any:
    """A few changes within the tree, which is given up; `other` lends values and keys."""
    for _ in range(dice.choice(CHANGES)):
        found = list(_places(tree))
        if not found:
            return dice.choice(INSTEAD)
        _change(*dice.choice(found), dice, found, list(_places(other)))
    return tree


def _change(
    holder: Any, key: Any, dice: random.Random, own: list[tuple[Any, Any]], lent: list[tuple[Any, Any]]
) -> None:
    where, at = dice.choice(lent or own)
    match dice.randrange(8):
        case 0 | 1:
            holder[key] = _copied(dice.choice(INSTEAD))
        case 2:
            del holder[key]
        case 3 if isinstance(holder, dict):
            name = str(at) if dice.random() < 0.5 else key + dice.choice(LETTERS)
            holder[name] = holder.pop(key)
        case 4 if isinstance(holder, list):
            holder[key:key] = [holder[key]] * dice.choice((1, 2, 300))
        case 5:
            holder[key] = [holder[key]] if dice.random() < 0.5 else {"a": holder[key]}
        case _:
            holder[key] = _copied(where[at])


def _copied(value: Any) -> Any:
    """Another tree of the same values: no tree may hold itself."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from _places(tree[key])


def written(tree: Any, form: Form) -> bytes:
    """The tree as a file; what TOML has not is an empty text there."""
    if form == "json" or not isinstance(tree, dict):
        text = _inline(tree, form)
    else:
        text = "".join(f"{_key(name, form)} = {_inline(value, form)}\n" for name, value in tree.items())
    return text.encode("utf-8", "surrogatepass")


def _inline(value: Any, form: Form) -> str:
    if isinstance(value, dict):
        equals = ": " if form == "json" else " = "
        return "{" + ", ".join(f"{_key(name, form)}{equals}{_inline(each, form)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(each, form) for each in value) + "]"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat() if form == "toml" else f'"{value}"'
    return _scalar(value, form)


def _scalar(value: Any, form: Form) -> str:
    if isinstance(value, Raw):
        return str(value)
    if value is None and form == "toml":
        return '""'
    if isinstance(value, float) and form == "toml":
        return repr(value)
    return json.dumps(value, ensure_ascii=form == "json")


def _key(name: str, form: Form) -> str:
    return name if form == "toml" and _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=form == "json")
