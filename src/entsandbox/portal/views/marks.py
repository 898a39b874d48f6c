"""Marks: a pupil's own, a parent's children's, a teacher's classes', where teachers enter them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from entsandbox.portal.views.view import (
    Article,
    Asked,
    Denied,
    Field,
    Form,
    Item,
    Misaddressed,
    Section,
    View,
    Written,
    day,
)
from entsandbox.state.store import marks, moment, notifications
from entsandbox.state.store.marks import Evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent
    from entsandbox.state.store.marks import Marked, Period
    from entsurge.population import Person

PATH = "notes"
MARK = "note-"  # and a pupil's login
_SCALE, _LARGEST_SCALE, _LARGEST_COEFFICIENT = 20, 100, 10.0


def read(db: Connection, asked: Asked) -> View | None:
    """The marks that one may see, or one evaluation."""
    if asked.key is not None:
        return _one(db, asked, asked.key)
    if asked.reach.of_their_classes:
        return View(_of_classes(db, asked), forms=_forms(asked))
    return View([_of_pupil(db, asked, pupil) for pupil in asked.reach.pupils])


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Enter the marks of an evaluation of one's class: a number each, blank for who was not evaluated."""
    person = asked.person
    if person.rights != "teacher":
        raise Denied
    name = sent.text("classe") or person.classes[0]
    periods = marks.periods(db, person.uai)
    if name not in person.classes or not periods:
        raise Misaddressed
    scale = sent.number("sur") if sent.text("sur") else _SCALE
    coefficient = _value(sent.text("coefficient") or "1", _LARGEST_COEFFICIENT)
    if not scale or scale > _LARGEST_SCALE or not coefficient:
        raise Misaddressed
    pupils = asked.campus.directory.pupils_of(person.school, name)
    given = {pupil.login: _value(sent.text(f"{MARK}{pupil.login}"), scale) for pupil in pupils}
    service = marks.taught_by(db, person.uai, name, person.login, person.subject or "")
    today = moment.today().isoformat()
    title = sent.text("titre") or "Évaluation"
    new = Evaluation(0, service.id, _period(periods, today).id, title, today, scale, coefficient, None)
    entered = marks.enter(db, new, given)
    kept = asked.campus.updates.keep_marks(db, entered.id, person)
    path = f"{PATH}/{entered.id}"
    told = [pupil.login for pupil in pupils if given[pupil.login] is not None]
    notifications.notify(db, told, "marks", f"Notes, {service.subject} : {title}", path, moment.now())
    view = _one(db, asked, entered.id)
    return Written(view if view is not None else View(), path, kept)


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete an evaluation of one's own with its marks; none when there is no such evaluation."""
    teacher = marks.teacher_of(db, asked.person.uai, asked.key or 0)
    if teacher is None:
        return None
    if teacher != asked.person.login:
        return False
    notifications.withdraw(db, f"{PATH}/{asked.key}")
    marks.remove(db, asked.key or 0)
    return True


def _forms(asked: Asked) -> tuple[Form, ...]:
    """The form of the class that is asked for, or of one's first."""
    person, wanted = asked.person, asked.query.get("classe", "")
    if person.rights != "teacher":
        return ()
    name = wanted if wanted in person.classes else person.classes[0]
    pupils = asked.campus.directory.pupils_of(person.school, name)
    rows = [Field(f"{MARK}{pupil.login}", label=f"{pupil.given_name} {pupil.family_name}") for pupil in pupils]
    fields = (Field("classe", "hidden", ((name, name),)), Field("titre"), Field("sur"), Field("coefficient"), *rows)
    return (Form(PATH, fields, f"Enregistrer les notes de {name}"),)


def _period(periods: list[Period], today: str) -> Period:
    """The term of a day; between two terms, and after the last, the one that ended last."""
    return next((each for each in reversed(periods) if each.starts_on <= today), periods[0])


def _value(text: str, most: float) -> float | None:
    """A number of a form, with a comma or a point; none for a blank. Raises Misaddressed."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise Misaddressed
    return value


def _of_pupil(db: Connection, asked: Asked, pupil: Person) -> Section:
    marked = marks.of_pupil(db, pupil.login, asked.person)
    subjects = {each.id: each.subject for each in marks.taught(db, pupil.uai, pupil.classes)}
    mean = marks.average(marked)
    title = f"{pupil.given_name} {pupil.family_name}, {pupil.classes[0]}"
    return Section([_item(asked, each, subjects) for each in marked], f"{title}, moyenne {_number(mean)}")


def _of_classes(db: Connection, asked: Asked) -> list[Section]:
    """A teacher's own evaluations; staff read those of one class at a time."""
    wanted = asked.query.get("classe", "")
    classes = (wanted,) if wanted in asked.reach.classes else asked.reach.classes[:4]
    taught = marks.taught(db, asked.person.uai, classes)
    if asked.person.rights == "teacher":
        taught = [each for each in taught if each.teacher == asked.person.login] or taught[:1]
    found = marks.of_services(db, [each.id for each in taught], asked.person)
    return [
        Section(
            [_evaluation(asked, each) for each in found if each.service == service.id],
            f"{service.class_name}, {service.subject}",
        )
        for service in taught
    ]


def _one(db: Connection, asked: Asked, key: int) -> View | None:
    if not asked.reach.of_their_classes:
        found = [(pupil, marks.one(db, pupil.login, key, asked.person)) for pupil in asked.reach.pupils]
        seen = [(pupil.login, marked) for pupil, marked in found if marked is not None]
        if not seen:
            return None
        evaluation = seen[0][1].evaluation
        results = {login: marked.mark for login, marked in seen}
    else:
        results = marks.results(db, key)
        pupils = [asked.campus.directory.person(login) for login in results]
        known = [pupil for pupil in pupils if pupil is not None and asked.reach.may_see_pupil(pupil)]
        marked = marks.one(db, known[0].login, key, asked.person) if known else None
        if marked is None:
            return None
        evaluation = marked.evaluation
    title = f"{evaluation.title}, sur {evaluation.scale}, coefficient {evaluation.coefficient:g}"
    article = Article(evaluation.id, title, (f"Moyenne de la classe : {_number(evaluation.average)}",))
    items = [Item(asked.name_of(login), "", _number(mark)) for login, mark in results.items()]
    return View([Section(items, "Notes")], article)


def _item(asked: Asked, marked: Marked, subjects: Mapping[int, str]) -> Item:
    evaluation = marked.evaluation
    title = f"{subjects.get(evaluation.service, '')} : {evaluation.title}"
    detail = f"{_number(marked.mark)} / {evaluation.scale}, {day(evaluation.day)}"
    return Item(title, asked.link(f"{PATH}/{evaluation.id}"), detail)


def _evaluation(asked: Asked, evaluation: Evaluation) -> Item:
    detail = f"moyenne {_number(evaluation.average)}, {day(evaluation.day)}"
    return Item(evaluation.title, asked.link(f"{PATH}/{evaluation.id}"), detail)


def _number(value: float | None) -> str:
    return "non noté" if value is None else f"{value:.2f}".replace(".", ",")
