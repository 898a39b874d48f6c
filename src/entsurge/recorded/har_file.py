"""The file of a recording: JSON, entries in the order of their time, what wrote it. Faults are said with their key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median_low
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError
from entsurge.recorded import json_text

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 512 * 1024 * 1024
LONGEST_SECONDS = 86400.0  # a time further off than this from the others is a clock's mistake
_PACKED = {b"PK\x03\x04": "a ZIP archive; unpack it: the .har is inside", b"\x1f\x8b": "compressed; gunzip it first"}
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Recording:
    """The entries of a HAR file in the order of their time, who wrote it, and the folder that it lies in."""

    entries: list[dict[str, Any]]
    creator: str
    folder: Path


def read_file(path: Path) -> Recording:
    """The recording in a file. Raises UsageError for what is no HAR: file, key, found, expected."""
    log = _log(path, _whole(path, _text(path)))
    entries = log.get("entries")
    if not isinstance(entries, list):
        raise UsageError(f"{path}: log.entries: missing; expected a HAR file")
    creator = log.get("creator")
    name = creator.get("name") if isinstance(creator, dict) else ""
    found = [each for each in entries if isinstance(each, dict)]
    if not found:
        raise UsageError(f"{path}: log.entries: no request in it", hint="record again, with the network log kept")
    return Recording(_in_order(found), name if isinstance(name, str) else "", path.parent)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_BYTES // 1024**2} MiB; record a shorter visit")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    for mark, said in _PACKED.items():
        if data.startswith(mark):
            raise UsageError(f"{path}: {said}")
    try:
        return data.decode(_MARKS.get(data[:2], "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a HAR file; byte {error.start + 1} is no UTF-8") from None


def _whole(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}: not a HAR file; expected JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        at = json_text.depth_at(text, 500)
        raise UsageError(f"{path}: {json_text.key_at(text, at)}: nested too deep for a HAR file") from None
    except ValueError:
        at = json_text.long_number(text)
        raise UsageError(f"{path}: {json_text.key_at(text, at)}: a number of thousands of digits") from None


def _log(path: Path, whole: Any) -> dict[str, Any]:
    log = whole.get("log") if isinstance(whole, dict) else None
    if not isinstance(log, dict):
        raise UsageError(f"{path}: log: missing; expected a HAR file")
    return log


def _in_order(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By time; what bears none, or one that cannot be, stays behind the entry before it."""
    given = [_seconds(each.get("startedDateTime")) for each in entries]
    known = [each for each in given if each is not None]
    if not known:
        return entries
    middle, last, times = median_low(known), known[0], []
    for each in given:
        last = each if each is not None and abs(each - middle) <= LONGEST_SECONDS else last
        times.append(last)
    return [entry for _, entry in sorted(zip(times, entries, strict=True), key=lambda pair: pair[0])]


def _seconds(text: Any) -> float | None:
    """A time as seconds since 1970, without an offset in UTC; None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
