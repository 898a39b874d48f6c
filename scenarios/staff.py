"""School staff: absences, messages, marks; the school office's working day.

`locust -f scenarios/staff.py --host URL` runs it alone, drawing visits from the ordinary week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge import Visitor, journey

if TYPE_CHECKING:
    from collections.abc import Iterator


class Staff(Visitor):
    """A member of the school's staff."""

    persona = "staff"

    @journey("home")
    def arrive(self) -> Iterator[str]:
        """The portal's first page."""
        yield "open-home"

    @journey("messages")
    def write_to_families(self) -> Iterator[str]:
        """The inbox, a message, one sent."""
        yield "read-inbox"
        yield "read-message"
        yield "send-message"

    @journey("absences")
    def follow_up_absences(self) -> Iterator[str]:
        """The week's absences, one of them given its reason, a class's register."""
        yield "read-absences"
        yield "read-absence"
        yield "justify-absence"
        yield "take-register"

    @journey("marks")
    def look_at_marks(self) -> Iterator[str]:
        """The marks of a class."""
        yield "read-marks"

    @journey("files")
    def put_documents_online(self) -> Iterator[str]:
        """The documents, and one more."""
        yield "list-files"
        yield "upload-file"

    @journey("homework")
    def read_the_work_set(self) -> Iterator[str]:
        """What work a class has."""
        yield "read-homework-list"

    @journey("lesson-book")
    def read_the_lesson_book(self) -> Iterator[str]:
        """What a class did."""
        yield "read-lessons"

    @journey("news")
    def read_the_news(self) -> Iterator[str]:
        """The school's news."""
        yield "read-news"
        yield "read-news-item"

    @journey("chat")
    def look_into_chat(self) -> Iterator[str]:
        """The staff's chat room."""
        yield "open-chat"

    @journey("video-class")
    def look_into_a_video_class(self) -> Iterator[str]:
        """The staff's video room."""
        yield "open-video-class"
