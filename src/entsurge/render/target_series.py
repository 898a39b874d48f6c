"""What the target said of itself, in words; the two series that matter, and the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.render.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.findings.course import TargetSeries

SHOWN = 2
_NAME = re.compile(r"^(?P<name>[^{]+?)(?:\{(?P<labels>.*)\})?$", re.DOTALL)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"_(?:total|count|seconds|bytes)$")


def in_words(name: str, words: Mapping[str, Any]) -> str:
    """A series as people call it: `sessions ouvertes, parents`; one that nobody has named, without its signs."""
    found = _NAME.match(name)
    if found is None:
        return name
    known = catalogue("target", words["language"])["series"]
    text = known.get(found["name"]) or _BARE.sub("", found["name"]).replace("_", " ").strip() or name
    labels = [words["plural"].get(value, value) for _, value in _LABEL.findall(found["labels"] or "")]
    return ", ".join([text, *labels])


def by_weight(series: Iterable[TargetSeries], language: str) -> list[TargetSeries]:
    """The most telling first: those that changed, of these the ones that reports/target.*.toml names, in its order."""
    known = list(catalogue("target", language)["series"])

    def place(of: TargetSeries) -> tuple[bool, int, str]:
        bare = of.name.partition("{")[0]
        still = len({point.value for point in of.points}) <= 1
        return still, known.index(bare) if bare in known else len(known), of.name

    return sorted(series, key=place)
