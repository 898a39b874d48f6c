"""An address as a draft has it: as it was on the wire, byte for byte, with places for what earlier answers showed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from entsurge.recorded.posted import read
from entsurge.recorded.rules import Sought
from entsurge.recorded.step import address, on
from entsurge.recorded.values import MASKED, kept

if TYPE_CHECKING:
    from entsurge.recorded.values import Values

_NUMBERED = re.compile(r"([A-Za-z_-]*)([0-9]+)")
_FILE = re.compile(r"[A-Za-z][\w-]{0,40}\.[A-Za-z]{1,8}[0-9]?")
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*", re.IGNORECASE)


def written(url: str, n: int, values: Values, root: str) -> str:
    """The address of step `n` with its places; whole where it is not on `root`."""
    scheme, authority, path, query = address(url)
    segments = _SESSION.sub("", path or "/").split("/")
    parts = [_segment(each, before, n, values) for before, each in zip(["", *segments], segments, strict=False)]
    text = "/".join(parts)
    if not on(url, root):
        text = f"{scheme}://{kept(authority)}{text}"
    elif text.startswith("//"):
        text = f"/.{text}"  # or it would name a host
    return text + _query(query, segments, n, values, "entrance" if values.at_entrance(url) else "query")


def plain(url: str, n: int, values: Values, root: str) -> str:
    """The address as a text that needs nothing to be known; without its query where that holds secrets."""
    text = written(url, n, values, root)
    for each in (text, text.partition("?")[0]):
        bare = each.replace("{{", "").replace("}}", "").replace("{login}", "")
        if "{" not in bare and MASKED not in each:
            return each
    return "/"


def literal(text: str) -> str:
    """A `plain` address where no template is read, as in `[sign_on]`."""
    return text.replace("{{", "{").replace("}}", "}")


def _segment(segment: str, before: str, n: int, values: Values) -> str:
    """A part of a path: `issue12`, `12` after `messages`, `view.php`, or text (a token may end in a digit as well)."""
    value = unquote(segment, errors="replace")
    named = before if re.fullmatch(r"[A-Za-z_-]+", before) else ""
    found = _NUMBERED.fullmatch(value)
    if found is not None:
        place = values.place(found[2], n, Sought("path", found[1] or named, (found[1] or f"{before}/",)))
        if place:
            return found[1] + place
        if not found[1]:
            return segment
    if not segment or (_FILE.fullmatch(value) and not values.secrets.hide(value)):
        return kept(segment)
    return values.in_address(segment, value, n, Sought("path", "", (f"{before}/",) if before else ()))


def _query(query: str, segments: list[str], n: int, values: Values, where: str) -> str:
    """The query, piece by piece as it was."""
    if not query:
        return ""
    tails = ("/".join(segments[-2:]).lstrip("/"), segments[-1]) if segments[-1] else ()
    pieces = []
    for number, piece in enumerate(query[1:].split("&")):
        raw, equals, raw_value = piece.partition("=")
        name = read(raw)
        if not equals:
            pieces.append(values.in_address(raw, name, n, Sought(where)))
            continue
        before = (*(f"{tail}?{raw}=" for tail in tails if number == 0), f"{raw}=")
        called = values.name_in_address(raw, name)
        pieces.append(f"{called}={values.in_address(raw_value, read(raw_value), n, Sought(where, name, before))}")
    return "?" + "&".join(pieces)
