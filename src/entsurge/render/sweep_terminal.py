"""A sweep in the terminal: the page's own sentences, and its tables in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.render.sweep import view, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.findings.sweep import SweepReport

COLUMNS = 6  # of the table of every deployment: the rest is on the page
WIDEST = 44


def terminal_lines(data: SweepReport, language: str) -> Iterator[str]:
    """The page, a line each; the effects of single steps are on the page alone."""
    page, words = view(data, language), words_of(data, language)
    yield f"{words['simulated']['mark']} · {words['simulated']['note'].format(name=data.simulated)}"
    yield f"{page['sign']} {page['head']}"
    yield from (f"  {line}" for line in page["lead"])
    for table in (page["arms"], page["every"]):
        if table["rows"]:
            yield table["title"]
            yield from columns([table["headings"][:COLUMNS], *(row["cells"][:COLUMNS] for row in table["rows"])])
    if page["command"]:
        yield words["real"]["title"]
        yield f"  {page['command']}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of texts, one beneath the other; a text that is too wide is cut."""
    cut = [[each if len(each) <= WIDEST else f"{each[: WIDEST - 1]}…" for each in row] for row in rows]
    widths = [max(len(each) for each in column) for column in zip(*cut, strict=True)]
    for row in cut:
        yield "  " + "  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip()
