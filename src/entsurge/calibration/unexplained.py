"""What a log was read as, and what of it is in no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.calibration.shown import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.calibration.counts import Counts

WHY = {
    "binary": "binary, or not in UTF-8",
    "json": "no JSON, or without a time and a path where the rules look",
    "format": "in no format that is known",
    "date": "no date, or one that cannot be (before 2000, after 2099)",
    "request": "no request line",
}
NO_PAGES = {
    "asset": "assets", "background": "background requests", "sign-on": "sign-on", "bot": "bots",
    "form": "forms sent (other methods than GET)", "redirect": "redirects", "refused": "refused (4xx)",
    "failed": "failed (5xx)", "left-out": "left out as asked (--without)",
}  # fmt: skip
MOST_SHOWN = 20


def read_as(counts: Counts) -> list[str]:
    """The formats that the lines were read as, and what carried them, with numbers of lines."""
    formats = ", ".join(f"{name} ({number:,})" for name, number in counts.formats.most_common())
    carried = ", ".join(f"{name} ({number:,})" for name, number in counts.envelopes.most_common())
    told = [f"format of the lines: {formats}" + (f"; carried by {carried}" if carried else "")]
    if counts.without_status:
        told.append(f"{counts.without_status:,} page views bear no status: taken for answered")
    return told


def unexplained(counts: Counts, nameless: int = 0, *, users: bool = False) -> list[str]:
    """Every kind of line that is no page view, with count and share; unparsed ones with file, reason, first line.

    `nameless` page views tell no visitor: they have no user where the rules count `users` alone, else no address.
    """
    return list(_told(counts, nameless, users=users))


def _told(counts: Counts, nameless: int, *, users: bool) -> Iterator[str]:
    for kind, words in NO_PAGES.items():
        if number := counts.kinds[kind]:
            yield f"{counted(number, 'line')} ({number / counts.lines:.1%}): {words}"
    if nameless and users:
        yield f"without a user: {counted(nameless, 'page view')}, and the rules count users alone"
    elif nameless:
        yield f"{counted(nameless, 'page')} bear{'s' * (nameless == 1)} no address and no user: in no visit"
    if unknown := counts.kinds["unknown"]:
        shapes = ", ".join(f"{shape} ({number:,})" for shape, number in counts.unknown_shapes.most_common(8))
        share = f"{counted(unknown, 'line')} ({unknown / counts.lines:.1%})"
        yield f"{share}: pages that no rule knows, not counted: {shapes}"
    for (file, reason), number in counts.unparsed.most_common(MOST_SHOWN):
        example = counts.examples[file, reason]
        yield (
            f"{counted(number, 'line')} of {file} could not be parsed, the first is line {example.number}: "
            f"{WHY[reason]}: {example.beginning}"
        )


def hint(counts: Counts) -> str:
    """What would help a log without a page view, by what most of its lines are."""
    dates = sum(number for (_, reason), number in counts.unparsed.items() if reason == "date")
    if 2 * dates > counts.lines:
        return "let the server write full dates, such as 2026-01-12T10:00:00+01:00"
    return "name your own paths in a file of rules: entsurge calibrate --rules ./ours.toml"
