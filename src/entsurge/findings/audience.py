"""The four figures of an audience, and who came back after a failure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure, and by how many percent it differs from what it is held against."""

    value: float | None
    change_percent: float | None


@dataclass(frozen=True)
class FigureRow:
    """One of the four figures: as published, planned for the week and the window, opened and served in the window.

    Of minutes per visit also how they are divided: `reading` and `waiting`.
    """

    published: Figure
    week: Figure
    window: Figure
    opened: Figure
    served: Figure
    reading: float | None = None
    waiting: float | None = None


@dataclass(frozen=True)
class Figures:
    """The table: visits and pages as counts, minutes of the simulated day and pages per visit."""

    visits: FigureRow
    page_views: FigureRow
    minutes_per_visit: FigureRow
    pages_per_visit: FigureRow


@dataclass(frozen=True, kw_only=True)
class CameBack:
    """Attempts after the first: how many, by how many people, how many of these were served in the end.

    `most` is the highest number of an attempt; `pages` counts the pages of these attempts by outcome.
    """

    attempts: int
    people: int
    in_the_end: int
    most: int
    pages: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Retries(CameBack):
    """Of the visits due in the window, by persona too; what insisting adds, in percent of what was asked at first.

    `generator` counts retries that were due, done and lost, by reason.
    """

    more_sign_ons: float | None
    more_pages: float | None
    by_persona: dict[str, CameBack]
    generator: dict[str, dict[str, int]]
