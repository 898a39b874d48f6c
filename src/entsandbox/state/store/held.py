"""What was written and is not given out yet: hidden from its readers until a pause ends or their hour has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, delete, insert, select, update

from entsandbox.state.store.schema import HELD

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection

    from entsurge.population import Person

Kind = Literal["lesson", "homework", "evaluation", "news", "participation"]
EVERYBODY, PARENTS = "everybody", "parent"  # from whom; else it is who has these rights


def shown(kind: Kind, column: Column[int]) -> ColumnElement[bool]:
    """The condition under which a row of this number is its reader's to see; `as_read_by` has its values."""
    from_reader = HELD.c.audience.in_((EVERYBODY, bindparam("rights"))) & (HELD.c.author != bindparam("reader"))
    return column.not_in(select(HELD.c.key).where(HELD.c.kind == kind, from_reader))


def as_read_by(reader: Person | None) -> dict[str, Any]:
    """The values of `shown` for who reads: nobody is hidden what they wrote; none stands for a passer-by."""
    return {"reader": reader.login, "rights": reader.rights} if reader is not None else {"reader": "", "rights": ""}


def hold(
    db: Connection, kind: Kind, key: int, author: str, *, audience: str = EVERYBODY, until: float | None = None
) -> None:
    """Hide a row from all but its author, or from those with some rights: until an instant, or until the pause ends."""
    gone = (HELD.c.kind == kind) & (HELD.c.key == key) & (HELD.c.audience == audience)
    db.execute(delete(HELD).where(gone))
    db.execute(insert(HELD), {"kind": kind, "key": key, "audience": audience, "author": author, "until": until})


def keys(db: Connection, kind: Kind) -> list[int]:
    """Which rows of a kind are hidden from everybody."""
    query = select(HELD.c.key).where(HELD.c.kind == kind, HELD.c.audience == EVERYBODY).order_by(HELD.c.key)
    return list(db.execute(query).scalars())


def give_out(db: Connection, *, then_until: float) -> None:
    """End of the pause: everybody sees what was hidden from all; who waits longer does so until `then_until`."""
    db.execute(delete(HELD).where(HELD.c.audience == EVERYBODY))
    db.execute(update(HELD).where(HELD.c.until.is_(None)), {"until": then_until})


def lapse(db: Connection, now: float) -> list[int]:
    """Give out what has waited long enough; which evaluations parents see from now on."""
    due = delete(HELD).where(HELD.c.until <= now).returning(HELD.c.kind, HELD.c.key)
    return sorted(row.key for row in db.execute(due) if row.kind == "evaluation")
