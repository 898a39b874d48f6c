"""Picks series out of Prometheus' text format: a few named ones out of what may be thousands of lines."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client.samples import Sample

MOST_SERIES = 40
_PATTERN = re.compile(r"([a-zA-Z_:*][a-zA-Z0-9_:*]*)(?:\{(.*)\})?")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_RISING = ("_bucket", "_count", "_sum")


class Reading(NamedTuple):
    """One series at one moment; `kind` is `counter` for what only rises, else `gauge`."""

    series: str
    value: float
    kind: str


@dataclass(frozen=True)
class Wanted:
    """`name`, `name{label="value"}`, with `*` for any part of a name; every series that it matches is wanted."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(text: str) -> Wanted:
        """What such a text stands for. Raises ValueError."""
        found = _PATTERN.fullmatch(text.strip())
        inside = (found[2] or "") if found else ""
        labels = [(each[1], each[2]) for each in _LABEL.finditer(inside)]
        if not found or "".join(each[0] for each in _LABEL.finditer(inside)) != inside:
            raise ValueError(f'{text!r}: expected a series such as http_requests_total or queue{{pool="db"}}')
        return Wanted(found[1], tuple(labels))

    def matches(self, sample: Sample) -> bool:
        """Whether this series is wanted."""
        if not fnmatchcase(sample.name, self.name):
            return False
        return all(sample.labels.get(label) == value for label, value in self.labels)


def pick(text: str, wanted: Sequence[Wanted]) -> list[Reading]:
    """The wanted series, MOST_SERIES at most, in the order of the text. Raises ValueError when a line is broken.

    Only lines whose name is wanted are parsed: the rest costs a comparison.
    """
    exact = {each.name for each in wanted if "*" not in each.name}
    patterns = [each.name for each in wanted if "*" in each.name]
    kept = [line for line in text.splitlines() if _concerns(line, exact, patterns)]
    found: list[Reading] = []
    for family in text_string_to_metric_families("\n".join(kept) + "\n"):
        for sample in family.samples:
            if math.isfinite(sample.value) and any(each.matches(sample) for each in wanted):
                rising = family.type == "counter" or sample.name.endswith(_RISING)
                found.append(Reading(_named(sample), float(sample.value), "counter" if rising else "gauge"))
                if len(found) == MOST_SERIES:
                    return found
    return found


def _concerns(line: str, exact: set[str], patterns: Sequence[str]) -> bool:
    if line.startswith("#"):
        return line.startswith("# TYPE ")
    name = re.split(r"[{\s]", line, maxsplit=1)[0]
    return name in exact or any(fnmatchcase(name, each) for each in patterns)


def _named(sample: Sample) -> str:
    if not sample.labels:
        return str(sample.name)
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{inside}}}"
