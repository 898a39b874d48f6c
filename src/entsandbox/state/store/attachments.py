"""What hangs on a lesson, on homework, on work handed in and on messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from entsandbox.state.store.schema import ATTACHMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

Kind = Literal["lesson", "homework", "hand-in", "participation"]


class Upload(NamedTuple):
    """A file that has come in and lies on disk."""

    name: str
    type: str
    size_bytes: int
    digest: str


class Attachment(NamedTuple):
    """One attachment."""

    id: int
    uai: str
    kind: str
    parent: int
    name: str
    type: str
    size_bytes: int
    digest: str


_OF = (
    select(ATTACHMENT)
    .where(ATTACHMENT.c.kind == bindparam("of"), ATTACHMENT.c.parent.in_(bindparam("parents", expanding=True)))
    .order_by(ATTACHMENT.c.id)
)
_ONE = select(ATTACHMENT).where(ATTACHMENT.c.id == bindparam("key"), ATTACHMENT.c.uai == bindparam("school"))


def attach(db: Connection, uai: str, kind: Kind, parent: int, uploads: Sequence[Upload]) -> None:
    """Hang files on something."""
    if uploads:
        rows = [{"uai": uai, "kind": kind, "parent": parent, **upload._asdict()} for upload in uploads]
        db.execute(insert(ATTACHMENT), rows)


def detach(db: Connection, kind: Kind, parents: Sequence[int]) -> None:
    """Take away what hangs on things that go."""
    gone = (ATTACHMENT.c.kind == kind) & ATTACHMENT.c.parent.in_(list(parents))
    db.execute(delete(ATTACHMENT).where(gone))


def of(db: Connection, kind: Kind, parents: Sequence[int]) -> list[Attachment]:
    """What hangs on these."""
    return [Attachment._make(row) for row in db.execute(_OF, {"of": kind, "parents": list(parents)})]


def one(db: Connection, uai: str, key: int) -> Attachment | None:
    """One attachment of a school."""
    row = db.execute(_ONE, {"key": key, "school": uai}).first()
    return Attachment._make(row) if row is not None else None
