"""Marks: periods, what is evaluated by whom, evaluations, and each pupil's results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from entsandbox.state.store import held
from entsandbox.state.store.schema import EVALUATION, EVALUATION_PERIOD, EVALUATION_RESULT, EVALUATION_SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person


class Period(NamedTuple):
    """A term."""

    id: int
    uai: str
    name: str
    starts_on: str
    ends_on: str


class Taught(NamedTuple):
    """An evaluation service: a subject as one teacher teaches it to one class."""

    id: int
    uai: str
    class_name: str
    subject: str
    teacher: str


class Evaluation(NamedTuple):
    """One evaluation; `average` is the class's."""

    id: int
    service: int
    period: int
    title: str
    day: str
    scale: int
    coefficient: float
    average: float | None


class Marked(NamedTuple):
    """An evaluation with one pupil's mark; none when the pupil was not evaluated."""

    evaluation: Evaluation
    mark: float | None


_PERIODS = (
    select(EVALUATION_PERIOD)
    .where(EVALUATION_PERIOD.c.uai == bindparam("school"))
    .order_by(EVALUATION_PERIOD.c.starts_on)
)
_TAUGHT = (
    select(EVALUATION_SERVICE)
    .where(
        EVALUATION_SERVICE.c.uai == bindparam("school"),
        EVALUATION_SERVICE.c.class_name.in_(bindparam("classes", expanding=True)),
    )
    .order_by(EVALUATION_SERVICE.c.class_name, EVALUATION_SERVICE.c.subject)
)
_MARKED = (
    select(EVALUATION, EVALUATION_RESULT.c.mark)
    .join(EVALUATION_RESULT, EVALUATION_RESULT.c.evaluation == EVALUATION.c.id)
    .where(EVALUATION_RESULT.c.login == bindparam("login"), held.shown("evaluation", EVALUATION.c.id))
    .order_by(EVALUATION.c.day.desc(), EVALUATION.c.id)
)
_ONE = _MARKED.where(EVALUATION.c.id == bindparam("key"))
_OF_SERVICES = (
    select(EVALUATION)
    .where(EVALUATION.c.service.in_(bindparam("services", expanding=True)), held.shown("evaluation", EVALUATION.c.id))
    .order_by(EVALUATION.c.day.desc(), EVALUATION.c.id)
)
_RESULTS = (
    select(EVALUATION_RESULT.c.login, EVALUATION_RESULT.c.mark)
    .where(EVALUATION_RESULT.c.evaluation == bindparam("key"))
    .order_by(EVALUATION_RESULT.c.login)
)


def periods(db: Connection, uai: str) -> list[Period]:
    """A school's terms, in order."""
    return [Period._make(row) for row in db.execute(_PERIODS, {"school": uai})]


def taught(db: Connection, uai: str, classes: Sequence[str]) -> list[Taught]:
    """What classes are evaluated in."""
    return [Taught._make(row) for row in db.execute(_TAUGHT, {"school": uai, "classes": list(classes)})]


def of_pupil(db: Connection, login: str, reader: Person) -> list[Marked]:
    """Every evaluation of a pupil that the reader may see by now, with the mark, newest first."""
    return [_marked(row) for row in db.execute(_MARKED, {"login": login, **held.as_read_by(reader)})]


def one(db: Connection, login: str, key: int, reader: Person) -> Marked | None:
    """One evaluation of a pupil with the mark; none when it does not concern the pupil, or is not the reader's yet."""
    row = db.execute(_ONE, {"login": login, "key": key, **held.as_read_by(reader)}).first()
    return _marked(row) if row is not None else None


def of_services(db: Connection, services: Sequence[int], reader: Person) -> list[Evaluation]:
    """The evaluations of several evaluation services that the reader may see by now, newest first."""
    values = {"services": list(services), **held.as_read_by(reader)}
    return [Evaluation._make(row) for row in db.execute(_OF_SERVICES, values)]


def results(db: Connection, key: int) -> dict[str, float | None]:
    """Everyone's mark in an evaluation, by login."""
    return {row[0]: row[1] for row in db.execute(_RESULTS, {"key": key})}


def taught_by(db: Connection, uai: str, class_name: str, teacher: str, subject: str) -> Taught:
    """A teacher's evaluation service in a class; a new one where there was none."""
    for each in taught(db, uai, (class_name,)):
        if each.teacher == teacher:
            return each
    values = {"uai": uai, "class_name": class_name, "subject": subject, "teacher": teacher}
    key = db.execute(insert(EVALUATION_SERVICE).returning(EVALUATION_SERVICE.c.id), values).scalar_one()
    return Taught(key, uai, class_name, subject, teacher)


def enter(db: Connection, evaluation: Evaluation, marks: Mapping[str, float | None]) -> Evaluation:
    """Keep an evaluation and everyone's mark in it, none for who was not evaluated (no `id` is looked at)."""
    counted = [mark for mark in marks.values() if mark is not None]
    mean = sum(counted) / len(counted) if counted else None
    values = evaluation._replace(average=mean)._asdict()
    del values["id"]
    key = db.execute(insert(EVALUATION).returning(EVALUATION.c.id), values).scalar_one()
    rows = [{"login": login, "evaluation": key, "mark": mark} for login, mark in marks.items()]
    if rows:
        db.execute(insert(EVALUATION_RESULT), rows)
    return evaluation._replace(id=key, average=mean)


def teacher_of(db: Connection, uai: str, key: int) -> str | None:
    """Whose evaluation it is, in a school; none when there is no such evaluation there."""
    query = (
        select(EVALUATION_SERVICE.c.teacher)
        .join(EVALUATION, EVALUATION.c.service == EVALUATION_SERVICE.c.id)
        .where(EVALUATION.c.id == key, EVALUATION_SERVICE.c.uai == uai)
    )
    found: str | None = db.execute(query).scalar()
    return found


def heading(db: Connection, key: int) -> str:
    """What an evaluation that there is is announced as: its subject and its title."""
    query = (
        select(EVALUATION_SERVICE.c.subject, EVALUATION.c.title)
        .join(EVALUATION, EVALUATION.c.service == EVALUATION_SERVICE.c.id)
        .where(EVALUATION.c.id == key)
    )
    return " : ".join(map(str, db.execute(query).one()))


def remove(db: Connection, key: int) -> None:
    """Delete an evaluation with its marks."""
    db.execute(delete(EVALUATION_RESULT).where(EVALUATION_RESULT.c.evaluation == key))
    db.execute(delete(EVALUATION).where(EVALUATION.c.id == key))


def average(marked: Sequence[Marked]) -> float | None:
    """The mean of marks brought to a scale of 20 and weighted; none without a mark."""
    counted = [
        (each.mark * 20 / each.evaluation.scale, each.evaluation.coefficient)
        for each in marked
        if each.mark is not None
    ]
    weight = sum(coefficient for _, coefficient in counted)
    return sum(mark * coefficient for mark, coefficient in counted) / weight if weight else None


def _marked(row: Sequence[object]) -> Marked:
    *evaluation, mark = row
    return Marked(Evaluation._make(evaluation), mark if isinstance(mark, float) else None)
