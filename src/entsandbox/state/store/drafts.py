"""Draft areas: files that came in before the form that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from entsandbox.state.store.attachments import Upload
from entsandbox.state.store.schema import DRAFT_FILE

if TYPE_CHECKING:
    from sqlalchemy import Connection


def keep(db: Connection, item: int, login: str, upload: Upload) -> None:
    """Put a file into somebody's draft area, in place of the one that lay there."""
    take(db, item, login)
    db.execute(insert(DRAFT_FILE), {"item": item, "login": login, **upload._asdict()})


def take(db: Connection, item: int, login: str) -> Upload | None:
    """The file of somebody's draft area, which is empty then; none when there is none."""
    own = (DRAFT_FILE.c.item == item) & (DRAFT_FILE.c.login == login)
    columns = (DRAFT_FILE.c.name, DRAFT_FILE.c.type, DRAFT_FILE.c.size_bytes, DRAFT_FILE.c.digest)
    row = db.execute(select(*columns).where(own)).first()
    db.execute(delete(DRAFT_FILE).where(own))
    return Upload._make(row) if row is not None else None
