"""School codes (UAI): seven digits and a letter that checks them."""

from __future__ import annotations

import re
from functools import cache

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SHAPE = re.compile(r"[0-9]{7}[A-Z]")
_SYNTHETIC_DEPARTMENT = 999
MOST_SCHOOLS = 9_999


def check_uai(text: str) -> bool:
    """Whether the letter agrees with the digits (23 letters: no I, O or Q).

    Codes of replacement zones fail this check in real directories: warn of one, do not refuse it.
    """
    return bool(_SHAPE.fullmatch(text)) and text[-1] == _LETTERS[int(text[:7]) % 23]


@cache
def synthetic_uai(school: int) -> str:
    """The code of a school that cannot exist: department 999, numbered from 0001."""
    number = _SYNTHETIC_DEPARTMENT * 10_000 + school + 1
    return f"{number}{_LETTERS[number % 23]}"
