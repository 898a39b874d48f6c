"""What the schools have written: lessons, homework, messages, files and the rest, in SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.pool import StaticPool

if TYPE_CHECKING:
    from collections.abc import Iterable

_METADATA = MetaData()
_ENTRIES = Table(
    "entry",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("uai", String, nullable=False),
    Column("service", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("author", String, nullable=False),
    Column("title", String, nullable=False),
    Column("content", String, nullable=False),
    Column("size_bytes", Integer, nullable=False, default=0),
    Column("answers", Integer),
    Index("entry_by_audience", "uai", "service", "audience"),
)
_PAGE_LENGTH = 20


class Entry(NamedTuple):
    """One thing written: `audience` is a login, a class, a persona or `tous`; `answers` another's id."""

    id: int
    uai: str
    service: str
    audience: str
    author: str
    title: str
    content: str
    size_bytes: int = 0
    answers: int | None = None


_LATEST = (
    select(_ENTRIES)
    .where(
        _ENTRIES.c.uai == bindparam("uai"),
        _ENTRIES.c.service == bindparam("service"),
        _ENTRIES.c.audience.in_(bindparam("audiences", expanding=True)),
    )
    .order_by(_ENTRIES.c.id.desc())
    .limit(_PAGE_LENGTH)
)
_ONE = select(_ENTRIES).where(
    _ENTRIES.c.id == bindparam("id"),
    _ENTRIES.c.uai == bindparam("uai"),
    _ENTRIES.c.service == bindparam("service"),
)
_INSERT = insert(_ENTRIES)
_DELETE = delete(_ENTRIES).where(_ENTRIES.c.id == bindparam("entry_id"))


class Store:
    """The entries, in memory, behind the one connection that the event loop uses in turn."""

    def __init__(self) -> None:
        self._engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            isolation_level="AUTOCOMMIT",
        )
        _METADATA.create_all(self._engine)
        self._connection = self._engine.connect()

    def close(self) -> None:
        """Drop everything."""
        self._connection.close()
        self._engine.dispose()

    def fill(self, entries: Iterable[dict[str, object]]) -> None:
        """Write many entries at once."""
        rows = list(entries)
        self._connection.exec_driver_sql("BEGIN")
        self._connection.execute(_INSERT, rows)
        self._connection.exec_driver_sql("COMMIT")

    def write(
        self,
        *,
        uai: str,
        service: str,
        audience: str,
        author: str,
        title: str,
        content: str,
        size_bytes: int = 0,
        answers: int | None = None,
    ) -> Entry:
        """Write one entry; it is returned with its id."""
        entry = Entry(0, uai, service, audience, author, title, content, size_bytes, answers)
        values = entry._asdict()
        del values["id"]
        done = self._connection.execute(_INSERT, values)
        key = done.inserted_primary_key
        return entry._replace(id=int(key[0]) if key else 0)

    def latest(self, uai: str, service: str, audiences: tuple[str, ...]) -> list[Entry]:
        """The twenty newest entries of a service that any of these audiences may read, newest first."""
        found = self._connection.execute(_LATEST, {"uai": uai, "service": service, "audiences": audiences})
        return [Entry._make(row) for row in found]

    def one(self, uai: str, service: str, entry_id: int) -> Entry | None:
        """One entry of a school's service."""
        row = self._connection.execute(_ONE, {"uai": uai, "service": service, "id": entry_id}).first()
        return Entry._make(row) if row is not None else None

    def remove(self, entry: Entry) -> None:
        """Delete an entry."""
        self._connection.execute(_DELETE, {"entry_id": entry.id})
