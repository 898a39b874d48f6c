"""Work set, done and handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from entsandbox.state.store import held
from entsandbox.state.store.schema import HAND_IN, HOMEWORK, HOMEWORK_DONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person


class Homework(NamedTuple):
    """Work that a class was set."""

    id: int
    uai: str
    class_name: str
    subject: str
    teacher: str
    lesson: int | None
    title: str
    content: str
    set_on: str
    due_on: str
    to_hand_in: bool


class HandIn(NamedTuple):
    """Work that a pupil handed in; its file is an attachment."""

    id: int
    homework: int
    login: str
    title: str
    at: str


_OF_CLASSES = (
    select(HOMEWORK)
    .where(
        HOMEWORK.c.uai == bindparam("school"),
        HOMEWORK.c.class_name.in_(bindparam("classes", expanding=True)),
        HOMEWORK.c.due_on.between(bindparam("since"), bindparam("until")),
        held.shown("homework", HOMEWORK.c.id),
    )
    .order_by(HOMEWORK.c.due_on, HOMEWORK.c.id.desc())
    .limit(bindparam("most"))
)
_OF_TEACHER = (
    select(HOMEWORK)
    .where(HOMEWORK.c.teacher == bindparam("login"), HOMEWORK.c.due_on.between(bindparam("since"), bindparam("until")))
    .order_by(HOMEWORK.c.due_on, HOMEWORK.c.id.desc())
    .limit(bindparam("most"))
)
_ONE = select(HOMEWORK).where(
    HOMEWORK.c.id == bindparam("key"), HOMEWORK.c.uai == bindparam("school"), held.shown("homework", HOMEWORK.c.id)
)
_DONE = select(HOMEWORK_DONE.c.homework).where(
    HOMEWORK_DONE.c.login == bindparam("login"), HOMEWORK_DONE.c.homework.in_(bindparam("keys", expanding=True))
)
_HAND_INS = select(HAND_IN).where(HAND_IN.c.homework == bindparam("work")).order_by(HAND_IN.c.id.desc())
_OWN_HAND_INS = _HAND_INS.where(HAND_IN.c.login == bindparam("login"))
_ONE_HAND_IN = select(HAND_IN).where(HAND_IN.c.id == bindparam("key"))


def of_classes(
    db: Connection, uai: str, classes: Sequence[str], since: str, until: str, most: int = 200, *, reader: Person
) -> list[Homework]:
    """The work of classes that is due between two days, as far as it was given out, the most urgent first."""
    values = {"school": uai, "classes": list(classes), "since": since, "until": until, "most": most}
    values |= held.as_read_by(reader)
    return [Homework._make(row) for row in db.execute(_OF_CLASSES, values)]


def of_teacher(db: Connection, login: str, since: str, until: str, most: int = 200) -> list[Homework]:
    """The work that a teacher set, due between two days."""
    values = {"login": login, "since": since, "until": until, "most": most}
    return [Homework._make(row) for row in db.execute(_OF_TEACHER, values)]


def one(db: Connection, uai: str, key: int, reader: Person) -> Homework | None:
    """One piece of work of a school; none when there is none, or it was not given out to the reader yet."""
    row = db.execute(_ONE, {"key": key, "school": uai, **held.as_read_by(reader)}).first()
    return Homework._make(row) if row is not None else None


def set_work(db: Connection, homework: Homework) -> Homework:
    """Add work (its `id` is not looked at); as it was kept."""
    values = homework._asdict()
    del values["id"]
    key = db.execute(insert(HOMEWORK).returning(HOMEWORK.c.id), values).scalar_one()
    return homework._replace(id=key)


def remove(db: Connection, key: int) -> None:
    """Delete work, with its marks of being done and what was handed in."""
    db.execute(delete(HAND_IN).where(HAND_IN.c.homework == key))
    db.execute(delete(HOMEWORK_DONE).where(HOMEWORK_DONE.c.homework == key))
    db.execute(delete(HOMEWORK).where(HOMEWORK.c.id == key))


def done(db: Connection, login: str, keys: Sequence[int]) -> frozenset[int]:
    """Which of these a pupil has marked as done."""
    return frozenset(db.execute(_DONE, {"login": login, "keys": list(keys)}).scalars())


def mark(db: Connection, login: str, key: int, *, is_done: bool) -> None:
    """Mark work as done, or as not done."""
    own = (HOMEWORK_DONE.c.homework == key) & (HOMEWORK_DONE.c.login == login)
    known = db.execute(select(HOMEWORK_DONE.c.homework).where(own)).first()
    if is_done and known is None:
        db.execute(insert(HOMEWORK_DONE), {"homework": key, "login": login})
    elif not is_done and known is not None:
        db.execute(delete(HOMEWORK_DONE).where(own))


def hand_in(db: Connection, handed: HandIn) -> HandIn:
    """Add work handed in (its `id` is not looked at); as it was kept."""
    values = handed._asdict()
    del values["id"]
    key = db.execute(insert(HAND_IN).returning(HAND_IN.c.id), values).scalar_one()
    return handed._replace(id=key)


def hand_ins(db: Connection, key: int, login: str | None = None) -> list[HandIn]:
    """What was handed in for some work, by everyone or by one pupil, newest first."""
    query = _HAND_INS if login is None else _OWN_HAND_INS
    return [HandIn._make(row) for row in db.execute(query, {"work": key, "login": login})]


def one_hand_in(db: Connection, key: int) -> HandIn | None:
    """One piece of work handed in."""
    row = db.execute(_ONE_HAND_IN, {"key": key}).first()
    return HandIn._make(row) if row is not None else None


def take_back(db: Connection, key: int) -> None:
    """Delete what was handed in."""
    db.execute(delete(HAND_IN).where(HAND_IN.c.id == key))
