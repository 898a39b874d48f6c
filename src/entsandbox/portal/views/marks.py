"""Marks: a pupil's own, a parent's children's, a teacher's classes'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views.view import Article, Asked, Item, Section, View, day
from entsandbox.state.store import marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from entsandbox.state.store.marks import Evaluation, Marked
    from entsurge.population import Person

PATH = "notes"


def read(db: Connection, asked: Asked) -> View | None:
    """The marks that one may see, or one evaluation."""
    if asked.key is not None:
        return _one(db, asked, asked.key)
    if asked.reach.of_their_classes:
        return View(_of_classes(db, asked))
    return View([_of_pupil(db, asked, pupil) for pupil in asked.reach.pupils])


def _of_pupil(db: Connection, asked: Asked, pupil: Person) -> Section:
    marked = marks.of_pupil(db, pupil.login)
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
    found = marks.of_services(db, [each.id for each in taught])
    return [
        Section(
            [_evaluation(asked, each) for each in found if each.service == service.id],
            f"{service.class_name}, {service.subject}",
        )
        for service in taught
    ]


def _one(db: Connection, asked: Asked, key: int) -> View | None:
    if not asked.reach.of_their_classes:
        found = [(pupil, marks.one(db, pupil.login, key)) for pupil in asked.reach.pupils]
        seen = [(pupil.login, marked) for pupil, marked in found if marked is not None]
        if not seen:
            return None
        evaluation = seen[0][1].evaluation
        results = {login: marked.mark for login, marked in seen}
    else:
        results = marks.results(db, key)
        pupils = [asked.ent.directory.person(login) for login in results]
        known = [pupil for pupil in pupils if pupil is not None and asked.reach.may_see_pupil(pupil)]
        marked = marks.one(db, known[0].login, key) if known else None
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
