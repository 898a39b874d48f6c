"""Notifications: what concerns someone, until it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from entsandbox.state.store.schema import NOTIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


class Notification(NamedTuple):
    """One notification; `path` is where it leads, under the school's portal."""

    id: int
    login: str
    service: str
    title: str
    path: str
    at: str
    read: bool


_LATEST = (
    select(NOTIFICATION)
    .where(NOTIFICATION.c.login == bindparam("who"))
    .order_by(NOTIFICATION.c.id.desc())
    .limit(bindparam("most"))
)
_UNREAD = (
    select(func.count())
    .select_from(NOTIFICATION)
    .where(NOTIFICATION.c.login == bindparam("who"), NOTIFICATION.c.read.is_(False))
)


def latest(db: Connection, login: str, most: int = 20) -> list[Notification]:
    """Someone's notifications, newest first."""
    return [Notification._make(row) for row in db.execute(_LATEST, {"who": login, "most": most})]


def unread(db: Connection, login: str) -> int:
    """How many of someone's notifications are unread."""
    return int(db.execute(_UNREAD, {"who": login}).scalar_one())


def notify(db: Connection, logins: Iterable[str], service: str, title: str, path: str, at: str) -> None:
    """Notify people of something."""
    common = {"service": service, "title": title, "path": path, "at": at, "read": False}
    rows = [{"login": login, **common} for login in logins]
    if rows:
        db.execute(insert(NOTIFICATION), rows)


def read_all(db: Connection, login: str) -> None:
    """Mark everything as read."""
    unread_ones = (NOTIFICATION.c.login == login) & NOTIFICATION.c.read.is_(False)
    db.execute(update(NOTIFICATION).where(unread_ones), {"read": True})


def withdraw(db: Connection, path: str) -> None:
    """Take back every notification of something that goes; numbers in paths are never given twice."""
    db.execute(delete(NOTIFICATION).where(NOTIFICATION.c.path == path))
