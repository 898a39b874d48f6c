"""What may stand in a file of ours: texts that every report can show, numbers of 64 bits, no deep nesting.

A title that no XML can hold would end the report after the measurement; here it is refused before.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 64
MOST_DIGITS = 100
LARGEST_INTEGER = 2**63 - 1  # TOML's own limit
SMALLEST_EXPONENT, LARGEST_EXPONENT = -330, 308  # of a float of 64 bits
SHOWN = 80
# What XML 1.0 cannot hold (section 2.2), and the control characters that it discourages; lone surrogates among them.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def unwritable(text: str) -> str:
    """The first character that no report can show, such as `U+FFFE at character 2`; empty for none."""
    found = _UNWRITABLE.search(text)
    return f"U+{ord(found[0]):04X} at character {found.start() + 1}" if found else ""


def writable(text: str) -> str:
    """The text with U+FFFD in place of each character that no report can show: for what others wrote."""
    return _UNWRITABLE.sub("\ufffd", text)


def faults(tree: Any, payloads: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with the values of a file, `key: sentence` each.

    Under keys of these names, `payloads`, texts may be any: they are sent, and shown nowhere.
    """
    return list(_faults(tree, (), payloads, texts=True))


def _faults(value: Any, key: tuple[str, ...], payloads: frozenset[str], *, texts: bool) -> Iterator[str]:
    said = ".".join(key)[:SHOWN] or "(file)"
    if len(key) > DEEPEST:
        yield f"{said} …: nested more than {DEEPEST} deep"
    elif isinstance(value, dict):
        for name, each in value.items():
            if unwritable(name):
                yield f"{said}: a key holds {unwritable(name)}; expected text"
            yield from _faults(each, (*key, writable(name)), payloads, texts=texts and name not in payloads)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(each, (*key, str(number)), payloads, texts=texts)
    elif isinstance(value, str):
        if texts and (odd := unwritable(value)):
            yield f"{said}: {odd}; expected text without control characters"
    elif wrong := _number(value):
        yield f"{said}: {wrong}"


def _number(value: Any) -> str:
    """What is wrong with a number; empty for nothing, and for what is none."""
    if isinstance(value, int):
        return "" if -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER else "expected an integer of at most 64 bits"
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"found {value}; expected a finite number"
    if not isinstance(value, Decimal):
        return ""
    if not value.is_finite():
        return f"found {value}; expected a finite number"
    small, large = int(value.as_tuple().exponent) >= SMALLEST_EXPONENT, value.adjusted() <= LARGEST_EXPONENT
    fits = len(value.as_tuple().digits) <= MOST_DIGITS and small and large
    return "" if fits else f"expected a number of 64 bits, of at most {MOST_DIGITS} digits"
