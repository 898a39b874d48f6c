"""Picks series out of Prometheus' text format: a few named ones out of what may be thousands of lines."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from entsurge.file_values import writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client.samples import Sample

MOST_SERIES = 40
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PATTERN = re.compile(r"([a-zA-Z_:*][a-zA-Z0-9_:*]*)?(?:\{(.*)\})?", re.DOTALL)
_ITEM = re.compile(rf"\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)|{_QUOTED})\s*(?:=\s*{_QUOTED}\s*)?(?:,|$)", re.DOTALL)
_TYPE = re.compile(rf"#\s*TYPE\s+(?:{_QUOTED}|(\S+))\s+(\w+)")
_QUOTED_NAME = re.compile(rf"\{{\s*(?:[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*{_QUOTED}\s*,\s*)*{_QUOTED}\s*[,}}]")
_LEADING_NAME = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)(?=[{\s])")
_PLAIN_NAME, _PLAIN_LABEL = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*"), re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RISING = ("_total", "_bucket", "_count", "_sum")
_UNTOLD = ("untyped", "unknown")


class Reading(NamedTuple):
    """One series at one moment; `kind` is `counter` for what only rises, else `gauge`."""

    series: str
    value: float
    kind: str


@dataclass(frozen=True)
class Wanted:
    """`name`, `name{label="value"}`, with `*` for any part of a name; every series that it matches is wanted.

    A name that is not of letters, digits, underscores and colons stands within: `{"queue.size", label="value"}`.
    """

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(text: str) -> Wanted:
        """What such a text stands for. Raises ValueError."""
        whole = _PATTERN.fullmatch(text.strip())
        inside = (whole[2] or "") if whole else ""
        items = list(_ITEM.finditer(inside))
        named = [_unescaped(each[2]) for each in items if each[2] is not None and each[3] is None]
        pairs = [(each[1] or _unescaped(each[2]), _unescaped(each[3])) for each in items if each[3] is not None]
        names = [
            *([whole[1]] if whole and whole[1] else []),
            *named,
            *(of for label, of in pairs if label == "__name__"),
        ]
        if "".join(each[0] for each in items) != inside or len(items) != len(named) + len(pairs) or len(names) != 1:
            raise ValueError(
                f'{text!r}: expected a series such as http_requests_total, queue{{pool="db"}} or {{"queue.size"}}'
            )
        return Wanted(names[0], tuple((label, of) for label, of in pairs if label != "__name__"))

    def matches(self, name: str, labels: dict[str, str]) -> bool:
        """Whether this series is wanted."""
        return self.has_name(name) and all(labels.get(label) == value for label, value in self.labels)

    def has_name(self, name: str) -> bool:
        """Whether a series of this name may be wanted."""
        return name == self.name if "*" not in self.name else _pattern(self.name).fullmatch(name) is not None


@lru_cache(maxsize=128)
def _pattern(name: str) -> re.Pattern[str]:
    """Each part between two stars where it first stands: to look further takes ever longer, and finds no more."""
    first, *between, last = map(re.escape, name.split("*"))
    return re.compile(f"{first}{''.join(f'(?>.*?{part})' for part in between if part)}.*{last}", re.DOTALL)


def pick(text: str, wanted: Sequence[Wanted]) -> list[Reading]:
    """The wanted series, MOST_SERIES at most, in the order of the text. Raises ValueError when a line is broken."""
    return list(islice(readings(text, wanted), MOST_SERIES))


def names(text: str) -> Counter[str]:
    """How many series there are of each name."""
    return Counter(name for line in text.split("\n") if not line.startswith("#") and (name := _name_in(line)))


def readings(text: str, wanted: Sequence[Wanted], *, finite: bool = True) -> Iterator[Reading]:
    """The wanted series, with `finite` those of a finite value. Raises ValueError when the line of one is broken.

    Only lines whose name is wanted are parsed: the rest costs a comparison. A line ends in LF and in nothing else, so
    that any other letter may stand in a label.
    """
    types: dict[str, str] = {}
    for line in text.split("\n"):
        if line.startswith("#"):
            if told := _TYPE.match(line):
                types[_unescaped(told[1]) if told[1] is not None else told[2]] = told[3]
        elif (name := _name_in(line)) and any(each.has_name(name) for each in wanted):
            for reading in _of_line(line, wanted, types):
                if math.isfinite(reading.value) or not finite:
                    yield reading


def _of_line(line: str, wanted: Sequence[Wanted], types: dict[str, str]) -> Iterator[Reading]:
    try:
        found: list[Sample] = [
            each for family in text_string_to_metric_families(f"{line}\n") for each in family.samples
        ]
        values = [float(each.value) for each in found]
    except OverflowError:  # thousands of digits
        return
    for sample, value in zip(found, values, strict=True):
        if any(each.matches(sample.name, sample.labels) for each in wanted):
            yield Reading(_named(sample), value, _kind(sample.name, types))


def _name_in(line: str) -> str:
    """The name of the series in a line; empty for none."""
    plain = _LEADING_NAME.match(line)
    if plain:
        return plain[1]
    quoted = _QUOTED_NAME.match(line.lstrip())
    return _unescaped(quoted[2]) if quoted else ""


def _kind(name: str, types: dict[str, str]) -> str:
    """As its TYPE says; where none does, by its ending."""
    own = types.get(name, "unknown")
    if own not in _UNTOLD:
        return "counter" if own == "counter" else "gauge"
    return "counter" if name.endswith(_RISING) else "gauge"


def _named(sample: Sample) -> str:
    """The series as Prometheus writes it; what no report can show is replaced."""
    plain = _PLAIN_NAME.fullmatch(sample.name)
    pairs = [
        f"{label if _PLAIN_LABEL.fullmatch(label) else _quoted(label)}={_quoted(value)}"
        for label, value in sorted(sample.labels.items())
    ]
    inside = ",".join(pairs if plain else [_quoted(sample.name), *pairs])
    return writable((sample.name if plain else "") + (f"{{{inside}}}" if inside else ""))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _unescaped(text: str) -> str:
    return re.sub(r'\\([\\n"])', lambda found: "\n" if found[1] == "n" else found[1], text)
