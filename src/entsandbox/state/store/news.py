"""News of schools, academies and local authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from entsandbox.state.store.schema import NEWS

if TYPE_CHECKING:
    from sqlalchemy import Connection


class News(NamedTuple):
    """A piece of news; `tenant` is a UAI, or the path of an academy or a local authority."""

    id: int
    tenant: str
    title: str
    content: str
    author: str
    at: str


_LATEST = select(NEWS).where(NEWS.c.tenant == bindparam("of")).order_by(NEWS.c.id.desc()).limit(bindparam("most"))
_ONE = select(NEWS).where(NEWS.c.id == bindparam("key"), NEWS.c.tenant == bindparam("of"))


def latest(db: Connection, tenant: str, most: int = 20) -> list[News]:
    """A tenant's news, newest first."""
    return [News._make(row) for row in db.execute(_LATEST, {"of": tenant, "most": most})]


def one(db: Connection, tenant: str, key: int) -> News | None:
    """One piece of a tenant's news."""
    row = db.execute(_ONE, {"of": tenant, "key": key}).first()
    return News._make(row) if row is not None else None


def publish(db: Connection, news: News) -> News:
    """Add news (its `id` is not looked at); as it was kept."""
    values = news._asdict()
    del values["id"]
    key = db.execute(insert(NEWS).returning(NEWS.c.id), values).scalar_one()
    return news._replace(id=key)


def remove(db: Connection, key: int) -> None:
    """Delete a piece of news."""
    db.execute(delete(NEWS).where(NEWS.c.id == key))
