"""A teacher: writes lessons, sets work, enters marks, answers pupils and families, takes the register.

`locust -f scenarios/teacher.py --host URL` runs it alone, drawing visits from the ordinary week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge import Visitor, journey

if TYPE_CHECKING:
    from collections.abc import Iterator


class Teacher(Visitor):
    """A teacher of a high school; the first page of lesson book or homework is one that publishes."""

    persona = "teacher"

    @journey("home")
    def arrive(self) -> Iterator[str]:
        """The portal's first page, then what is new."""
        yield "open-home"
        yield "read-notifications"

    @journey("lesson-book")
    def write_the_lesson_book(self) -> Iterator[str]:
        """A lesson is written, with a document, then looked at."""
        yield "write-lesson"
        yield "read-lessons"
        yield "read-lesson"

    @journey("homework")
    def set_work(self) -> Iterator[str]:
        """An assignment is set, then what pupils handed in is read."""
        yield "set-homework"
        yield "read-homework-list"
        yield "read-homework"

    @journey("messages")
    def answer_messages(self) -> Iterator[str]:
        """The inbox, messages, an answer, then a message to a class or its parents."""
        yield "read-inbox"
        yield "read-message"
        yield "answer-message"
        yield "read-message"
        yield "send-message"

    @journey("files")
    def put_documents_online(self) -> Iterator[str]:
        """The documents, and one more."""
        yield "list-files"
        yield "upload-file"

    @journey("marks")
    def enter_marks(self) -> Iterator[str]:
        """The marks of the class, and those of one more evaluation."""
        yield "read-marks"
        yield "enter-marks"
        yield "read-evaluation"

    @journey("absences")
    def take_the_register(self) -> Iterator[str]:
        """The register of the class."""
        yield "read-absences"
        yield "take-register"

    @journey("news")
    def read_the_news(self) -> Iterator[str]:
        """The school's news, one of them in full."""
        yield "read-news"
        yield "read-news-item"

    @journey("chat")
    def talk_with_the_class(self) -> Iterator[str]:
        """A class's chat room: answer, then listen."""
        yield "say-in-chat"
        yield "open-chat"

    @journey("video-class")
    def hold_a_video_class(self) -> Iterator[str]:
        """A class by video: the teacher's picture and voice go up while the class's come down."""
        yield "hold-video-class"
