"""The portal's first page, and the page of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views.view import Asked, Form, Item, Section, View, Written, day
from entsandbox.state.store import homework, messages, moment, news, notifications

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent


def read(db: Connection, asked: Asked) -> View | None:
    """What is new for this person."""
    if asked.key is not None:
        return None
    person, today = asked.person, moment.today().isoformat()
    unread = messages.unread(db, person.login)
    soon = homework.of_classes(
        db, person.uai, asked.reach.classes, today, moment.day_after(today, 7), most=5, reader=person
    )
    sections = [
        Section([Item(f"{unread} message(s) non lu(s)", asked.link("messagerie"), unread=unread > 0)], "Messagerie"),
        Section(_notifications(db, asked, 5), "Notifications"),
        Section([Item(each.title, asked.link(f"travail/{each.id}"), day(each.due_on)) for each in soon], "À rendre"),
        Section(
            [
                Item(each.title, asked.link(f"actualites/{each.id}"), day(each.at))
                for each in news.latest(db, person.uai, 3, reader=person)
            ],
            "Actualités",
        ),
        Section(
            [Item(each.name, f"/{each.path}/") for each in asked.campus.portals_of(person)],
            "Académie et collectivité",
        ),
    ]
    return View(sections)


def read_notifications(db: Connection, asked: Asked) -> View:
    """The notifications, and the form that marks them as read."""
    unread = 0 if asked.campus.updates.silent() else notifications.unread(db, asked.person.login)
    form = Form("notifications", (), "Tout marquer comme lu")
    return View([Section(_notifications(db, asked, 20))], forms=(form,), note=f"{unread} notification(s) non lue(s)")


def mark_notifications(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Mark everything as read."""
    del sent
    notifications.read_all(db, asked.person.login)
    return Written(read_notifications(db, asked), "notifications")


def _notifications(db: Connection, asked: Asked, most: int) -> list[Item]:
    found = [] if asked.campus.updates.silent() else notifications.latest(db, asked.person.login, most)
    return [Item(each.title, asked.link(each.path), day(each.at), unread=not each.read) for each in found]
