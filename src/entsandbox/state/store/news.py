"""News of schools, academies and local authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from entsandbox.state.store import held
from entsandbox.state.store.schema import NEWS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsurge.population import Person


class News(NamedTuple):
    """A piece of news; `tenant` is a UAI, or the path of an academy or a local authority."""

    id: int
    tenant: str
    title: str
    content: str
    author: str
    at: str


_OF_TENANT = select(NEWS).where(NEWS.c.tenant == bindparam("of"), held.shown("news", NEWS.c.id))
_LATEST = _OF_TENANT.order_by(NEWS.c.id.desc()).limit(bindparam("most"))
_ONE = _OF_TENANT.where(NEWS.c.id == bindparam("key"))


def latest(db: Connection, tenant: str, most: int = 20, *, reader: Person | None) -> list[News]:
    """A tenant's news as far as they were given out, newest first; no reader stands for a passer-by."""
    values = {"of": tenant, "most": most, **held.as_read_by(reader)}
    return [News._make(row) for row in db.execute(_LATEST, values)]


def one(db: Connection, tenant: str, key: int, *, reader: Person | None) -> News | None:
    """One piece of a tenant's news; none when there is none, or it was not given out yet."""
    row = db.execute(_ONE, {"of": tenant, "key": key, **held.as_read_by(reader)}).first()
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
