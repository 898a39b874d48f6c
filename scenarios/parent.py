"""A parent: reads messages, marks, absences, and what work is set.

`locust -f scenarios/parent.py --host URL` runs it alone, drawing visits from the ordinary week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge import Visitor, journey

if TYPE_CHECKING:
    from collections.abc import Iterator


class Parent(Visitor):
    """A parent of one or several pupils."""

    persona = "parent"

    @journey("home")
    def arrive(self) -> Iterator[str]:
        """The portal's first page, then what is new."""
        yield "open-home"
        yield "read-notifications"

    @journey("messages")
    def read_messages(self) -> Iterator[str]:
        """The inbox, two messages, a question to a teacher."""
        yield "read-inbox"
        yield "read-message"
        yield "read-message"
        yield "send-message"

    @journey("homework")
    def follow_the_work_set(self) -> Iterator[str]:
        """What the child has to do."""
        yield "read-homework-list"
        yield "read-homework"

    @journey("lesson-book")
    def read_the_lesson_book(self) -> Iterator[str]:
        """What was done in class."""
        yield "read-lessons"
        yield "read-lesson"

    @journey("files")
    def fetch_documents(self) -> Iterator[str]:
        """The school's documents."""
        yield "list-files"
        yield "download-file"

    @journey("marks")
    def look_at_marks(self) -> Iterator[str]:
        """The child's marks."""
        yield "read-marks"
        yield "read-evaluation"

    @journey("absences")
    def look_at_absences(self) -> Iterator[str]:
        """The child's absences."""
        yield "read-absences"
        yield "read-absence"

    @journey("news")
    def read_the_news(self) -> Iterator[str]:
        """The school's news."""
        yield "read-news"
        yield "read-news-item"
        yield "read-academy-news"
