"""What a stylesheet inside a page names: the sheets that it imports, the pictures of a `style` attribute.

Source: CSS Syntax 3 and CSS Cascade 5 (`@import` stands before every other rule, but `@charset` and `@layer`). Escapes
in addresses are not undone.
"""

from __future__ import annotations

import re

_COMMENT = r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
_URL = (
    r"(?:\"(?P<double>[^\"\n]*+)\"|'(?P<single>[^'\n]*+)'"
    r"|url\(\s*+(?:\"(?P<in_double>[^\"\n]*+)\"|'(?P<in_single>[^'\n]*+)'|(?P<bare>[^\"'()\s]++))\s*+\))"
)
_BEFORE = re.compile(rf"(?:\s++|<!--|-->|{_COMMENT})++", re.IGNORECASE)
_CHARSET = re.compile(r"@charset\s++[^;{}]*+;", re.IGNORECASE)
_LAYER = re.compile(r"@layer\s++[^;{}]*+;", re.IGNORECASE)
_IMPORT = re.compile(rf"@import\s*+{_URL}[^;{{}}]*+(?:;|\Z)", re.IGNORECASE)
_COMMENTS, _PICTURE = re.compile(_COMMENT), re.compile(r"(?=url\()" + _URL, re.IGNORECASE)
_UNSHOWN = re.compile(r"(?:^|;)\s*+display\s*+:\s*+none\b", re.IGNORECASE)
_LONGEST = 16_384


def imported(sheet: str) -> list[str]:
    """The addresses of a sheet's `@import` rules, as they are written, of other media too."""
    found, at = list[str](), 0
    while True:
        blank = _BEFORE.match(sheet, at)
        at = blank.end() if blank else at
        match = _IMPORT.match(sheet, at)
        if match is not None:
            found.append(_named(match))
        else:
            match = _CHARSET.match(sheet, at) or (None if found else _LAYER.match(sheet, at))
            if match is None:
                return found
        at = match.end()


def pictured(style: str) -> list[str]:
    """The addresses in a `style` attribute that a browser fetches; of one that shows nothing, none."""
    style = _COMMENTS.sub(" ", style[:_LONGEST])
    if _UNSHOWN.search(style):
        return []
    return [
        _named(match)
        for declaration in style.split(";")
        if not declaration.lstrip().startswith("--")
        for match in _PICTURE.finditer(declaration)
    ]


def _named(match: re.Match[str]) -> str:
    return next((value for value in match.groupdict().values() if value), "")
