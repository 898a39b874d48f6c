"""The background calls that say something of the person before the page; the others are the same for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsandbox.state.store import files, homework, messages, moment, notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from entsandbox.state import PortalSession

    Answer = Callable[[Connection, PortalSession, int], dict[str, Any]]

_MOST = 10
_DAYS_AHEAD = 14


def _notifications(db: Connection, portal: PortalSession, quota_bytes: int) -> dict[str, Any]:
    """The newest notifications, and how many are unread; unread messages too."""
    del quota_bytes
    login = portal.person.login
    found = notifications.latest(db, login, _MOST)
    items = [{"id": each.id, "titre": each.title, "lu": each.read} for each in found]
    counts = {"non_lus": notifications.unread(db, login), "messages_non_lus": messages.unread(db, login)}
    return {"nombre": len(items), **counts, "elements": items}


def _folders(db: Connection, portal: PortalSession, quota_bytes: int) -> dict[str, Any]:
    """How much lies in each folder of the mailbox, and how much of it is unread."""
    del quota_bytes
    counts = messages.counts(db, portal.person.login)
    items = [{"dossier": name, "messages": of[0], "non_lus": of[1]} for name, of in counts.items()]
    return {"nombre": len(items), "elements": items}


def _quota(db: Connection, portal: PortalSession, quota_bytes: int) -> dict[str, Any]:
    """How much of the document space is taken."""
    used = files.used_bytes(db, portal.person.login)
    return {"nombre": 1, "elements": [{"utilise": used, "quota": quota_bytes}]}


def _deadlines(db: Connection, portal: PortalSession, quota_bytes: int) -> dict[str, Any]:
    """The work that is due next."""
    del quota_bytes
    person, today = portal.person, moment.today().isoformat()
    span = (today, moment.day_after(today, _DAYS_AHEAD))
    found = homework.of_classes(db, person.uai, portal.reach.classes, *span, most=_MOST, reader=person)
    items = [{"id": each.id, "titre": each.title, "pour_le": each.due_on} for each in found]
    return {"nombre": len(items), "elements": items}


ANSWERS: Mapping[str, Answer] = {
    "notifications": _notifications,
    "dossiers": _folders,
    "quota": _quota,
    "echeances": _deadlines,
}
