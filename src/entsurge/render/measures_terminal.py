"""Which measure buys what, in the terminal: the page's own sentences, and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.catalogue import catalogue
from entsurge.render.measures import view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.findings.measures import MeasuresReport

NARROW_COLUMNS = 6  # measure, rank, bought, people, cost, borne by; the rest is on the page


def terminal_lines(data: MeasuresReport, language: str) -> Iterator[str]:
    """The page, a line each; a measure's figures stand under its name."""
    page = view(data, language)
    yield f"{page['sign']} {page['head']}"
    yield f"  {page['lead']}"
    headings, colon = page["headings"][1:NARROW_COLUMNS], f"{catalogue('common', language)['colon']} "
    for row in page["rows"]:
        yield f"  {row[0]}"
        for heading, cell in zip(headings, row[1:NARROW_COLUMNS], strict=True):
            yield f"      {heading}{colon}{cell}"
    for section in page["sections"]:
        yield section["title"]
        yield from (f"  {line}" for line in section["lines"])
