"""What each service's pages show and what is written on them, apart from HTTP and HTML.

A reader answers a view, or none where there is nothing to see; a writer answers what it wrote; a remover answers
whether it removed the thing, or none where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from entsandbox.portal.views import absences, files, home, homework, lesson_book, marks, messages, news, rooms
from entsandbox.portal.views.view import Asked, Campus, View, Written
from entsandbox.sent_form import Sent

__all__ = [
    "MORE_READERS",
    "READERS",
    "REMOVERS",
    "WRITERS",
    "Asked",
    "Campus",
    "Reader",
    "Remover",
    "Sent",
    "View",
    "Writer",
]

Reader = Callable[[Connection, Asked], View | None]
Writer = Callable[[Connection, Asked, Sent], Written]
Remover = Callable[[Connection, Asked], bool | None]

READERS: Mapping[str, Reader] = {
    "home": home.read,
    "lesson-book": lesson_book.read,
    "homework": homework.read,
    "messages": messages.read,
    "marks": marks.read,
    "absences": absences.read,
    "files": files.read,
    "news": news.read,
    "chat": rooms.read_chat,
    "video-class": rooms.read_video_class,
}
# By the path under the school's portal, with {key} for a number.
MORE_READERS: Mapping[str, tuple[str, Reader]] = {
    "notifications": ("home", home.read_notifications),
    "absences/appels/{key}": ("absences", absences.read_register),
}
WRITERS: Mapping[str, tuple[str, Writer]] = {
    "cahier-de-textes": ("lesson-book", lesson_book.write),
    "travail": ("homework", homework.write),
    "travail/{key}/fait": ("homework", homework.mark),
    "travail/{key}/rendu": ("homework", homework.hand_in),
    "messagerie": ("messages", messages.write),
    "messagerie/{key}": ("messages", messages.answer),
    "messagerie/{key}/dossier": ("messages", messages.move),
    "notes": ("marks", marks.write),
    "absences": ("absences", absences.write),
    "absences/{key}": ("absences", absences.justify),
    "fichiers": ("files", files.write),
    "actualites": ("news", news.write),
    "notifications": ("home", home.mark_notifications),
}
REMOVERS: Mapping[str, tuple[str, Remover]] = {
    "cahier-de-textes/{key}": ("lesson-book", lesson_book.take_back),
    "travail/{key}": ("homework", homework.take_back),
    "travail/{work}/rendu/{key}": ("homework", homework.take_hand_in_back),
    "travail/{key}/fait": ("homework", homework.unmark),
    "messagerie/{key}": ("messages", messages.take_back),
    "messagerie/{thread}/reponses/{key}": ("messages", messages.take_answer_back),
    "notes/{key}": ("marks", marks.take_back),
    "absences/{key}/motif": ("absences", absences.take_reason_back),
    "absences/appels/{key}": ("absences", absences.take_register_back),
    "fichiers/{key}": ("files", files.take_back),
    "actualites/{key}": ("news", news.take_back),
    "chat/{key}": ("chat", rooms.take_back),
}
