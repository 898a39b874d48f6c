"""The lesson book: the timetable's lessons and what teachers wrote into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, case, delete, insert, select, update

from entsandbox.state.store import held
from entsandbox.state.store.schema import LESSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person


class Lesson(NamedTuple):
    """One lesson; without content it stands on the timetable and is not yet written, or not given out to its reader."""

    id: int
    uai: str
    class_name: str
    subject: str
    teacher: str
    starts_at: str
    ends_at: str
    title: str
    content: str


_SPAN = LESSON.c.starts_at.between(bindparam("since"), bindparam("until"))
_SHOWN = held.shown("lesson", LESSON.c.id)
_WRITTEN = ("title", "content")
_AS_GIVEN_OUT = select(
    *(case((_SHOWN, each), else_="").label(each.name) if each.name in _WRITTEN else each for each in LESSON.columns)
)
_OF_CLASSES = _AS_GIVEN_OUT.where(
    LESSON.c.uai == bindparam("school"), LESSON.c.class_name.in_(bindparam("classes", expanding=True)), _SPAN
).order_by(LESSON.c.starts_at, LESSON.c.id)
_LATEST = (
    select(LESSON)
    .where(
        LESSON.c.uai == bindparam("school"),
        LESSON.c.class_name.in_(bindparam("classes", expanding=True)),
        LESSON.c.starts_at <= bindparam("until"),
        LESSON.c.content != "",
        _SHOWN,
    )
    .order_by(LESSON.c.starts_at.desc(), LESSON.c.id.desc())
    .limit(bindparam("most"))
)
_OF_TEACHER = select(LESSON).where(LESSON.c.teacher == bindparam("login"), _SPAN).order_by(LESSON.c.starts_at)
_ONE = _AS_GIVEN_OUT.where(LESSON.c.id == bindparam("key"), LESSON.c.uai == bindparam("school"))


def of_classes(
    db: Connection, uai: str, classes: Sequence[str], since: str, until: str, *, reader: Person
) -> list[Lesson]:
    """The lessons of classes between two days or instants, in order; blank where they were not given out yet."""
    values = {"school": uai, "classes": list(classes), "since": since, "until": _end(until), **held.as_read_by(reader)}
    return [Lesson._make(row) for row in db.execute(_OF_CLASSES, values)]


def latest(
    db: Connection, uai: str, classes: Sequence[str], until: str, most: int = 20, *, reader: Person
) -> list[Lesson]:
    """The written lessons that were last, as far as they were given out, newest first."""
    values = {"school": uai, "classes": list(classes), "until": _end(until), "most": most, **held.as_read_by(reader)}
    return [Lesson._make(row) for row in db.execute(_LATEST, values)]


def of_teacher(db: Connection, login: str, since: str, until: str) -> list[Lesson]:
    """A teacher's own lessons between two days or instants, in order."""
    values = {"login": login, "since": since, "until": _end(until)}
    return [Lesson._make(row) for row in db.execute(_OF_TEACHER, values)]


def one(db: Connection, uai: str, key: int, reader: Person) -> Lesson | None:
    """One lesson of a school; blank where it was not given out to the reader yet."""
    row = db.execute(_ONE, {"key": key, "school": uai, **held.as_read_by(reader)}).first()
    return Lesson._make(row) if row is not None else None


def write(db: Connection, lesson: Lesson) -> Lesson:
    """Add a lesson (its `id` is not looked at); as it was kept."""
    values = lesson._asdict()
    del values["id"]
    key = db.execute(insert(LESSON).returning(LESSON.c.id), values).scalar_one()
    return lesson._replace(id=key)


def rewrite(db: Connection, lesson: Lesson, title: str, content: str) -> Lesson:
    """Write into a lesson of the timetable."""
    db.execute(update(LESSON).where(LESSON.c.id == lesson.id), {"title": title, "content": content})
    return lesson._replace(title=title, content=content)


def remove(db: Connection, key: int) -> None:
    """Delete a lesson."""
    db.execute(delete(LESSON).where(LESSON.c.id == key))


def _end(until: str) -> str:
    """A day's last instant, or the instant itself."""
    return until if "T" in until else f"{until}T23:59:59"
