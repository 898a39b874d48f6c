"""Files of ours, TOML or JSON: read, bounded, held against their model; every fault at once, with file and key."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from entsurge.errors import UsageError
from entsurge.file_values import DEEPEST, faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)
SAVE = "save it as UTF-8; lines end in LF or CRLF"
_NO_INTEGER = "9" * 40  # stands for one of thousands of digits, which Python refuses to read: too large all the same
_DIGITS = re.compile(r"\d[\d_]{4000,}")
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*+(?:{_PART}){{{DEEPEST}}}", re.MULTILINE)  # tomllib takes minutes over one
_KEY = re.compile(r'([\w.-]+)"?\s*[:=]\s*\Z')
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(path: Path, payloads: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The file's tables, decimals exact. Raises UsageError for what is no TOML, or holds what no file of ours may.

    `payloads` are the keys whose texts may be any (`file_values.faults`).
    """
    text = _text(path, "TOML")
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start() + 1) + 1
        raise UsageError(f"{path}: not TOML: line {line}: a key nested more than {DEEPEST} deep")
    try:
        found = _toml(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}{_odd(text, str(error))}", hint=SAVE) from None
    except RecursionError:
        raise UsageError(f"{path}: not TOML: {_too_deep(text)}") from None
    _refuse(path, found, payloads)
    return found


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises UsageError as `read_toml` does."""
    text = _text(path, "JSON")
    try:
        found = json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: not JSON: {_too_deep(text)}") from None
    _refuse(path, found, frozenset())
    return found


def check(
    model: type[Model],
    raw: dict[str, Any],
    path: Path,
    hint: str = "docs/writing-profiles.md lists the keys",
    under: str = "",
    options: Mapping[str, str] = MappingProxyType({}),
) -> Model:
    """The model that the tables describe. Raises UsageError with every fault: file, key, found, expected.

    `under` is the table of the file that the model describes, if it is not the whole; `options` are keys that an option
    of the command line replaced, each with that option, which is then named in place of the file and the key.
    A validator finds the file's folder in its context: paths in a file are relative to it.
    """
    try:
        return model.model_validate(raw, context={"folder": path.parent})
    except ValidationError as error:
        found = [(_key(fault, under), fault) for fault in error.errors()]
        lines = [_fault(options.get(key, f"{path}: {key}"), fault, model) for key, fault in found]
        raise UsageError("\n".join(lines), hint="" if all(key in options for key, _ in found) else hint) from None


def _text(path: Path, kind: str) -> str:
    """The text of a file. Raises UsageError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{path}: not a text file in UTF-8 but in UTF-16; expected {kind}", hint=SAVE)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"line {line}, byte 0x{raw[error.start]:02X}"
        raise UsageError(f"{path}: not a text file in UTF-8 ({found}); expected {kind}", hint=SAVE) from None


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        return tomllib.loads(_DIGITS.sub(_NO_INTEGER, text), parse_float=_decimal)


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:  # an exponent that no decimal has
        return Decimal("Infinity")


def _integer(written: str) -> int:
    return int(written if len(written) < len(_NO_INTEGER) else _NO_INTEGER)


def _odd(text: str, said: str) -> str:
    """What stands where a file ceases to be TOML, if no editor shows it: a CR alone, a non-breaking space."""
    place = _PLACE.search(said)
    if place is None:
        return ""
    lines = text.replace("\r\n", "\n").split("\n")
    found = lines[int(place[1]) - 1][int(place[2]) - 1 :][:1]
    return f"; U+{ord(found):04X} stands there" if found and not (" " < found < "\x7f") else ""


def _too_deep(text: str) -> str:
    """Which key of a text begins what is nested too deeply, and in which line."""
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign in "[{":
            opened.append(at)
            if len(opened) > DEEPEST:
                break
        elif sign in "]}" and opened:
            opened.pop()
    before = (_KEY.search(text[max(0, at - 100) : at]) for at in opened)
    key = next((found[1] for found in before if found), "(file)")
    line = text.count("\n", 0, opened[0] if opened else 0) + 1
    return f"line {line}: {key}: nested more than {DEEPEST} deep"


def _refuse(path: Path, found: Any, payloads: frozenset[str]) -> None:
    wrong = faults(found, payloads)
    if wrong:
        raise UsageError("\n".join(f"{path}: {each}" for each in wrong[:20]))


def _key(fault: Any, under: str) -> str:
    return ".".join([*([under] if under else []), *(str(part) for part in fault["loc"])]) or "(file)"


def _fault(where: str, fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        known = ", ".join(sorted(model.model_fields)) if len(fault["loc"]) == 1 else ""
        return f"{where}: unknown key" + (f"; known: {known}" if known else "")
    if fault["type"] == "missing":
        return f"{where}: missing"
    found = fault.get("input")
    shown = "" if isinstance(found, (dict, list)) or fault["type"] == "secret" else f"found {_shown(found)}; "
    return f"{where}: {shown}{_expected(fault)}"


def _expected(fault: Any) -> str:
    """What pydantic says was expected; a date and an address by an example instead of by their pattern."""
    pattern = str(fault.get("ctx", {}).get("pattern", ""))
    if pattern.startswith("^[0-9]{4}-"):
        return "expected a date such as 2026-01-12"
    if pattern.startswith("^https?://"):
        return "expected a URL such as https://ent.example.fr"
    return str(fault["msg"]).removeprefix("Value error, ")


def _shown(found: object) -> str:
    return str(found) if isinstance(found, (int, float, Decimal)) else repr(found)[:80]
