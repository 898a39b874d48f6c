"""A pupil: follows the work set, reads the lesson book, hands work in, writes to teachers.

`locust -f scenarios/student.py --host URL` runs it alone, drawing visits from the ordinary week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge import Visitor, journey

if TYPE_CHECKING:
    from collections.abc import Iterator


class Student(Visitor):
    """A pupil of a high school."""

    persona = "student"

    @journey("home")
    def arrive(self) -> Iterator[str]:
        """The portal's first page, then what is new."""
        yield "open-home"
        yield "read-notifications"

    @journey("homework")
    def do_the_work_set(self) -> Iterator[str]:
        """The list, one assignment, the work handed in; another one marked as done."""
        yield "read-homework-list"
        yield "read-homework"
        yield "hand-in"
        yield "mark-done"

    @journey("lesson-book")
    def read_the_lesson_book(self) -> Iterator[str]:
        """The week's lessons, then one of them."""
        yield "read-lessons"
        yield "read-lesson"

    @journey("messages")
    def read_messages(self) -> Iterator[str]:
        """The inbox and two messages; an answer."""
        yield "read-inbox"
        yield "read-message"
        yield "read-message"
        yield "answer-message"

    @journey("messages")
    def ask_a_teacher(self) -> Iterator[str]:
        """The inbox, then a question to a teacher."""
        yield "read-inbox"
        yield "send-message"

    @journey("marks")
    def look_at_marks(self) -> Iterator[str]:
        """The marks of the term, then one evaluation."""
        yield "read-marks"
        yield "read-evaluation"

    @journey("absences")
    def look_at_absences(self) -> Iterator[str]:
        """The pupil's own absences."""
        yield "read-absences"

    @journey("files")
    def fetch_documents(self) -> Iterator[str]:
        """The class's documents, one of them fetched."""
        yield "list-files"
        yield "download-file"

    @journey("news")
    def read_the_news(self) -> Iterator[str]:
        """The school's news, one of them in full, then the academy's."""
        yield "read-news"
        yield "read-news-item"
        yield "read-academy-news"

    @journey("chat")
    def talk_with_the_class(self) -> Iterator[str]:
        """The class's chat room: read what was said, say something, hear the others; then listen."""
        yield "say-in-chat"
        yield "open-chat"

    @journey("video-class")
    def attend_a_video_class(self) -> Iterator[str]:
        """The class by video: wait until there is room, come in, watch for the length of the page."""
        yield "open-video-class"
