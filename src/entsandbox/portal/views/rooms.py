"""The pages of chat and video class: the rooms that one may enter, each with the signed address of its socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views.view import Asked, OpenRoom, View
from entsandbox.services import BY_NAME
from entsandbox.state.store import chat

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_chat(db: Connection, asked: Asked) -> View | None:
    """The chat rooms of one's classes, and of the school's staff for those who belong to it."""
    del db
    return _rooms(asked, "chat")


def read_video_class(db: Connection, asked: Asked) -> View | None:
    """The video classes that one may join."""
    del db
    return _rooms(asked, "video-class")


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete a chat message of one's own; another's is none of theirs."""
    person = asked.person
    return chat.take_back(db, person.uai, asked.key or 0, person.login) or None


def _rooms(asked: Asked, service: str) -> View | None:
    if asked.key is not None:
        return None
    links = asked.campus.links.of(asked.person, service, BY_NAME[service].path)
    note = "" if links else "Aucune salle ne vous est ouverte."
    return View(rooms=tuple(OpenRoom(name, address) for name, address in links.items()), note=note)
