"""Absences, lateness, their reasons, and the registers that teachers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from entsandbox.state.store.schema import ABSENCE, ABSENCE_REASON, REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection


class Reason(NamedTuple):
    """Why somebody was absent."""

    id: int
    code: str
    label: str


class Absence(NamedTuple):
    """An absence file: a pupil was absent or late; `login` is the pupil's."""

    id: int
    uai: str
    login: str
    class_name: str
    kind: str
    starts_at: str
    ends_at: str
    reason: int | None
    justified: bool
    comment: str
    author: str
    register: int | None


class Register(NamedTuple):
    """A register taken: who was there is everyone else."""

    id: int
    uai: str
    class_name: str
    teacher: str
    at: str
    absent: int


_OF_PUPILS = (
    select(ABSENCE)
    .where(ABSENCE.c.login.in_(bindparam("logins", expanding=True)))
    .order_by(ABSENCE.c.starts_at.desc(), ABSENCE.c.id.desc())
    .limit(bindparam("most"))
)
_OF_SCHOOL = (
    select(ABSENCE)
    .where(ABSENCE.c.uai == bindparam("school"), ABSENCE.c.starts_at >= bindparam("since"))
    .order_by(ABSENCE.c.starts_at.desc(), ABSENCE.c.id.desc())
    .limit(bindparam("most"))
)
_ONE = select(ABSENCE).where(ABSENCE.c.id == bindparam("key"), ABSENCE.c.uai == bindparam("school"))
_REGISTERS = (
    select(REGISTER)
    .where(REGISTER.c.uai == bindparam("school"))
    .order_by(REGISTER.c.id.desc())
    .limit(bindparam("most"))
)
_ONE_REGISTER = select(REGISTER).where(REGISTER.c.id == bindparam("key"), REGISTER.c.uai == bindparam("school"))


def reasons(db: Connection) -> list[Reason]:
    """Every reason there is."""
    return [Reason._make(row) for row in db.execute(select(ABSENCE_REASON).order_by(ABSENCE_REASON.c.id))]


def of_pupils(db: Connection, logins: Sequence[str], most: int = 100) -> list[Absence]:
    """The absences of pupils, newest first."""
    return [Absence._make(row) for row in db.execute(_OF_PUPILS, {"logins": list(logins), "most": most})]


def of_school(db: Connection, uai: str, since: str, most: int = 20) -> list[Absence]:
    """A school's absences since a day, newest first."""
    return [Absence._make(row) for row in db.execute(_OF_SCHOOL, {"school": uai, "since": since, "most": most})]


def one(db: Connection, uai: str, key: int) -> Absence | None:
    """One absence file of a school."""
    row = db.execute(_ONE, {"key": key, "school": uai}).first()
    return Absence._make(row) if row is not None else None


def justify(db: Connection, key: int, reason: int | None, comment: str) -> None:
    """Give an absence its reason."""
    values = {"reason": reason, "comment": comment, "justified": reason is not None}
    db.execute(update(ABSENCE).where(ABSENCE.c.id == key), values)


def take_register(db: Connection, register: Register, absent: Iterable[Absence]) -> Register:
    """Keep a register and the absences in it (no `id` is looked at); as it was kept."""
    rows = list(absent)
    values = register._replace(absent=len(rows))._asdict()
    del values["id"]
    key = db.execute(insert(REGISTER).returning(REGISTER.c.id), values).scalar_one()
    for row in rows:
        file = row._replace(register=key)._asdict()
        del file["id"]
        db.execute(insert(ABSENCE), file)
    return register._replace(id=key, absent=len(rows))


def registers(db: Connection, uai: str, most: int = 20) -> list[Register]:
    """The registers taken last in a school."""
    return [Register._make(row) for row in db.execute(_REGISTERS, {"school": uai, "most": most})]


def one_register(db: Connection, uai: str, key: int) -> Register | None:
    """One register of a school."""
    row = db.execute(_ONE_REGISTER, {"key": key, "school": uai}).first()
    return Register._make(row) if row is not None else None


def of_register(db: Connection, key: int) -> list[Absence]:
    """Who was noted absent or late in a register."""
    query = select(ABSENCE).where(ABSENCE.c.register == key).order_by(ABSENCE.c.login)
    return [Absence._make(row) for row in db.execute(query)]


def remove_register(db: Connection, key: int) -> None:
    """Delete a register with its absences."""
    db.execute(delete(ABSENCE).where(ABSENCE.c.register == key))
    db.execute(delete(REGISTER).where(REGISTER.c.id == key))
