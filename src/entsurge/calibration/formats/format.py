"""What a format of access logs is here: a test and a SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.calibration.sql import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.calibration.rules import Rules

UNKNOWN, NO_JSON = 2, 1
COLUMNS = """number, line, format, addresses, "user", stamp, request, status, agent, profile, fault"""
"""What every format gives of a line, all text but the number and the fault.

`format` is what it is called, `addresses` the chain `client, proxy, …`, `stamp` the time as it is written, `request` is
`METHOD target`, `fault` why the line cannot be read (NO_JSON, UNKNOWN) or null. What a format lacks is ''.
"""
TEXT = r'(?:[^"\\]|\\.)*'  # what stands between quotes, which a backslash may escape


@dataclass(frozen=True)
class Format:
    """One way in which servers write a line.

    `test` is a condition over the column `line`, `fields` makes the SELECT that gives COLUMNS of the table
    `lines (number, line)`, which holds lines that pass the test.
    """

    name: str
    test: str
    fields: Callable[[Rules], str]


def cut(expression: str, *names: str) -> str:
    """The groups of an expression over `line`, by name, in a struct."""
    return f"regexp_extract(line, {text(expression)}, [{', '.join(map(text, names))}])"
