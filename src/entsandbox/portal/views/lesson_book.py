"""The lesson book: what was done in class, as teachers write it and pupils read it."""

from __future__ import annotations

from datetime import datetime, timedelta
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
    class_field,
    day,
)
from entsandbox.state.store import attachments, lessons, moment, notifications
from entsandbox.state.store.lessons import Lesson

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent

PATH = "cahier-de-textes"


def read(db: Connection, asked: Asked) -> View | None:
    """The last lessons of one's classes, or one of them with its documents."""
    if asked.key is not None:
        lesson = lessons.one(db, asked.person.uai, asked.key, asked.person)
        return _one(db, asked, lesson) if lesson is not None and _may_read(asked, lesson) else None
    wanted = asked.query.get("classe", "")
    classes = (wanted,) if wanted in asked.reach.classes else asked.reach.classes
    found = lessons.latest(db, asked.person.uai, classes, moment.now(), reader=asked.person)
    items = [
        Item(
            f"{each.subject} : {each.title}",
            asked.link(f"{PATH}/{each.id}"),
            f"{each.class_name}, {day(each.starts_at)}",
        )
        for each in found
    ]
    return View([Section(items)], forms=_forms(asked))


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Write a lesson of the timetable (`seance`), or one of now; its pupils are notified."""
    if asked.person.rights != "teacher":
        raise Denied
    lesson = _lesson(db, asked, sent)
    kept = asked.campus.updates.keep(db, "lesson", lesson.id, asked.person)
    attachments.attach(db, lesson.uai, "lesson", lesson.id, sent.uploads)
    path = f"{PATH}/{lesson.id}"
    pupils = [pupil.login for pupil in asked.campus.directory.pupils_of(asked.person.school, lesson.class_name)]
    title = f"Cahier de textes, {lesson.subject} : {lesson.title}"
    notifications.notify(db, pupils, "lesson-book", title, path, moment.now())
    return Written(_one(db, asked, lesson), path, kept)


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete a lesson of one's own; none when there is no such lesson."""
    lesson = lessons.one(db, asked.person.uai, asked.key or 0, asked.person)
    if lesson is None:
        return None
    if lesson.teacher != asked.person.login:
        return False
    attachments.detach(db, "lesson", [lesson.id])
    notifications.withdraw(db, f"{PATH}/{lesson.id}")
    lessons.remove(db, lesson.id)
    return True


def _lesson(db: Connection, asked: Asked, sent: Sent) -> Lesson:
    person, title = asked.person, sent.text("titre") or "Sans titre"
    content = sent.text("contenu", 20_000) or title
    if sent.text("seance"):
        lesson = lessons.one(db, person.uai, sent.number("seance") or 0, person)
        if lesson is None:
            raise Misaddressed
        if lesson.teacher != person.login:
            raise Denied
        return lessons.rewrite(db, lesson, title, content)
    name = sent.text("classe") or person.classes[0]
    if name not in person.classes:
        raise Misaddressed
    begin = moment.now()
    end = (datetime.fromisoformat(begin) + timedelta(minutes=55)).isoformat()
    new = Lesson(0, person.uai, name, person.subject or "", person.login, begin, end, title, content)
    return lessons.write(db, new)


def _may_read(asked: Asked, lesson: Lesson) -> bool:
    return lesson.class_name in asked.reach.classes or lesson.teacher == asked.person.login


def _one(db: Connection, asked: Asked, lesson: Lesson) -> View:
    article = Article(
        lesson.id,
        lesson.title or lesson.subject,
        (lesson.content,),
        f"{asked.name_of(lesson.teacher)}, {lesson.class_name}, {day(lesson.starts_at)}",
    )
    files = attachments.of(db, "lesson", [lesson.id]) if lesson.content else []
    return View([asked.attached(files)], article)


def _forms(asked: Asked) -> tuple[Form, ...]:
    if asked.person.rights != "teacher":
        return ()
    fields = (
        class_field(asked.person.classes),
        Field("titre"),
        Field("contenu", "textarea"),
        Field("fichier", "file"),
    )
    return (Form(PATH, fields),)
