"""The document space: everyone's own files and those shared with a class or with everyone, within a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from entsandbox.state.store.schema import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


class File(NamedTuple):
    """A file; `audience` is a login, a class or everyone."""

    id: int
    uai: str
    owner: str
    audience: str
    name: str
    type: str
    size_bytes: int
    digest: str
    at: str


_READABLE = (
    select(FILE)
    .where(FILE.c.uai == bindparam("school"), FILE.c.audience.in_(bindparam("audiences", expanding=True)))
    .order_by(FILE.c.id.desc())
    .limit(bindparam("most"))
)
_ONE = select(FILE).where(FILE.c.id == bindparam("key"), FILE.c.uai == bindparam("school"))
_USED = select(func.coalesce(func.sum(FILE.c.size_bytes), 0)).where(FILE.c.owner == bindparam("login"))


def readable(db: Connection, uai: str, audiences: Sequence[str], most: int = 20) -> list[File]:
    """The newest files that any of these audiences may read."""
    values = {"school": uai, "audiences": list(audiences), "most": most}
    return [File._make(row) for row in db.execute(_READABLE, values)]


def one(db: Connection, uai: str, key: int) -> File | None:
    """One file of a school."""
    row = db.execute(_ONE, {"key": key, "school": uai}).first()
    return File._make(row) if row is not None else None


def used_bytes(db: Connection, login: str) -> int:
    """How much of the quota someone's files take."""
    return int(db.execute(_USED, {"login": login}).scalar_one())


def add(db: Connection, file: File) -> File:
    """Add a file (its `id` is not looked at); as it was kept."""
    values = file._asdict()
    del values["id"]
    key = db.execute(insert(FILE).returning(FILE.c.id), values).scalar_one()
    return file._replace(id=key)


def remove(db: Connection, key: int) -> None:
    """Delete a file's entry; its bytes may be another's too and stay."""
    db.execute(delete(FILE).where(FILE.c.id == key))
