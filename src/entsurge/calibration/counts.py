"""What became of the lines of a log, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.calibration import masking
from entsurge.calibration.shown import printable

if TYPE_CHECKING:
    from entsurge.calibration.duplicates import SameLines

BEGINNING = 80  # letters of a line that are shown


@dataclass(frozen=True)
class Example:
    """A line that could not be parsed, and its number in its file."""

    number: int
    line: str

    @property
    def beginning(self) -> str:
        """How the line begins, fit for a terminal, addresses and users masked."""
        return printable(masking.beginning(self.line, BEGINNING))


@dataclass(frozen=True)
class Suspect:
    """Who has a large share of all page views: the name in the log, whether a user's, with how many browsers."""

    name: str
    named: bool
    pages: int
    browsers: int


@dataclass
class Counts:
    """What became of every line: how many of each kind, what could not be parsed and where it stands first.

    `of_file` counts the lines of each file, `days` holds the first and the last second of each day of UTC (days since
    1970) that has a line. `without_status` and `without_agent` count page views, `same_lines` are files
    with the same lines.
    """

    of_file: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    envelopes: Counter[str] = field(default_factory=Counter)
    unparsed: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], Example] = field(default_factory=dict)
    unknown_shapes: Counter[str] = field(default_factory=Counter)
    days: dict[int, tuple[int, int]] = field(default_factory=dict)
    without_status: int = 0
    without_agent: int = 0
    suspects: list[Suspect] = field(default_factory=list)
    same_lines: list[SameLines] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Every line that is neither blank nor a directive."""
        return sum(self.of_file.values())
