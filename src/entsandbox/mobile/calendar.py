"""The agenda: days with their lessons and the work due, lessons with what was done, homework and whether it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from entsandbox.mobile.authorization import WRITE
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.request_context import Ask, Endpoint, Lookup, paths
from entsandbox.state.store import attachments, homework, lessons
from entsandbox.state.store.moment import day_after
from entsurge.population.names import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsandbox.mobile.files import Files
    from entsurge.population import Person

_LESSON = ("teachers", "subject", "contents.attachments", "toDoForTheLesson.subject", "toDoAfterTheLesson.subject")
_CORRECTED = ("attachments", "audio", "pedagogicContent")
_HOMEWORK = (
    "subject", "teacher.person", "pedagogicContent", "attachments", "audio",
    *(f"commonCorrectedWork.{part}" for part in _CORRECTED),
    *(f"individualCorrectedWork.{part}" for part in _CORRECTED),
)  # fmt: skip
AGENDA_INCLUDES = paths(
    *(f"lessons.{name}" for name in _LESSON), *(f"homeworkAssignments.{name}" for name in _HOMEWORK)
)
_COLOURS = ("#D0F2D8", "#F9DDD2", "#CFE3F7", "#F4E7B8", "#E4D7F5", "#F7D0E0")
_SET_AHEAD_DAYS = 31


class Calendar:
    """What pupils, parents and teachers read of days, lessons and homework."""

    def __init__(self, lookup: Lookup, files: Files) -> None:
        self._lookup = lookup
        self._files = files

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        return [
            Endpoint("/agendas", "lesson-book", self.agendas, includes=AGENDA_INCLUDES),
            Endpoint("/lessons/{id}", "lesson-book", self.lesson, includes=paths(*_LESSON)),
            Endpoint("/homework-assignments", "homework", self.assignments, includes=paths(*_HOMEWORK)),
            Endpoint("/homework-assignments/{id}", "homework", self.assignment, includes=paths(*_HOMEWORK)),
            Endpoint("/homework-assignments/{id}", "homework", self.mark, "PATCH", WRITE, includes=paths(*_HOMEWORK)),
        ]

    def agendas(self, db: Connection, ask: Ask) -> list[Resource]:
        """One agenda a day, of the days on the page asked for."""
        subject, (first, last) = self._lookup.subject(ask), ask.span("date")
        days = ask.query.page.of([first + timedelta(days=n) for n in range((last - first).days + 1)])
        if not days:
            return []
        since, until = days[0].isoformat(), days[-1].isoformat()
        held = self._lessons(db, ask, subject, since, until)
        work = self._work(db, ask, subject, since, day_after(until, _SET_AHEAD_DAYS))
        done = self._done(db, subject, work)
        return [self._agenda(db, ask, day.isoformat(), held, work, done) for day in days]

    def lesson(self, db: Connection, ask: Ask) -> Resource:
        """One lesson of the subject's, with what was done in it and the work around it."""
        subject = self._lookup.subject(ask)
        found = lessons.one(db, subject.uai, ask.number("id"), ask.person)
        if found is None or not _concerns(subject, found.class_name, found.teacher):
            raise Refused(404, "there is no such lesson")
        day = found.starts_at[:10]
        work = self._work(db, ask, subject, day, day_after(day, _SET_AHEAD_DAYS))
        return self._lesson(db, ask, found, work, self._done(db, subject, work))

    def assignments(self, db: Connection, ask: Ask) -> list[Resource]:
        """The work due between two days."""
        subject, (first, last) = self._lookup.subject(ask), ask.span("dueDate")
        page = ask.query.page.of(self._work(db, ask, subject, first.isoformat(), last.isoformat()))
        done = self._done(db, subject, page)
        return [self._homework(db, ask, each, done) for each in page]

    def assignment(self, db: Connection, ask: Ask) -> Resource:
        """One piece of work."""
        subject = self._lookup.subject(ask)
        found = self._one(db, ask, subject)
        return self._homework(db, ask, found, self._done(db, subject, [found]))

    def mark(self, db: Connection, ask: Ask) -> Resource:
        """Mark one's own work as done or not."""
        subject = self._lookup.subject(ask)
        found = self._one(db, ask, subject)
        if ask.person.rights != "student":
            raise Refused(403, "only the pupil marks work as done")
        is_done = _done_of(ask.body, ask.path["id"])
        homework.mark(db, subject.login, found.id, is_done=is_done)
        return self._homework(db, ask, found, frozenset({found.id}) if is_done else frozenset())

    # -- what is in the store --------------------------------------------------------------------------------------

    def _one(self, db: Connection, ask: Ask, subject: Person) -> homework.Homework:
        found = homework.one(db, subject.uai, ask.number("id"), ask.person)
        if found is None or not _concerns(subject, found.class_name, found.teacher):
            raise Refused(404, "there is no such homework")
        return found

    @staticmethod
    def _lessons(db: Connection, ask: Ask, subject: Person, since: str, until: str) -> list[lessons.Lesson]:
        if subject.rights == "teacher":
            return lessons.of_teacher(db, subject.login, since, until)
        if not subject.classes:
            return []
        return lessons.of_classes(db, subject.uai, subject.classes, since, until, reader=ask.person)

    @staticmethod
    def _work(db: Connection, ask: Ask, subject: Person, since: str, until: str) -> list[homework.Homework]:
        if subject.rights == "teacher":
            return homework.of_teacher(db, subject.login, since, until)
        if not subject.classes:
            return []
        return homework.of_classes(db, subject.uai, subject.classes, since, until, reader=ask.person)

    @staticmethod
    def _done(db: Connection, subject: Person, work: Sequence[homework.Homework]) -> frozenset[int]:
        if subject.rights != "student" or not work:
            return frozenset()
        return homework.done(db, subject.login, [each.id for each in work])

    # -- as resources ----------------------------------------------------------------------------------------------

    def _agenda(
        self,
        db: Connection,
        ask: Ask,
        day: str,
        held: Sequence[lessons.Lesson],
        work: Sequence[homework.Homework],
        done: frozenset[int],
    ) -> Resource:
        return Resource(
            "agenda",
            f"{ask.query.filter('student.id')}-{day}",
            {"date": day},
            {
                "lessons": lambda: [
                    self._lesson(db, ask, each, work, done) for each in held if each.starts_at[:10] == day
                ],
                "homeworkAssignments": lambda: [
                    self._homework(db, ask, each, done) for each in work if each.due_on == day
                ],
            },
        )

    def _lesson(
        self,
        db: Connection,
        ask: Ask,
        lesson: lessons.Lesson,
        work: Sequence[homework.Homework],
        done: frozenset[int],
    ) -> Resource:
        before = [each for each in work if each.due_on == lesson.starts_at[:10] and each.subject == lesson.subject]
        after = [each for each in work if each.lesson == lesson.id]
        return Resource(
            "lesson",
            str(lesson.id),
            {
                "title": lesson.title or lesson.subject,
                "startDateTime": ask.instant(lesson.starts_at),
                "endDateTime": ask.instant(lesson.ends_at),
                "location": f"Salle {100 + draw(lesson.uai, lesson.class_name) % 200}",
                "locationComplement": None,
                "canceled": False,
                "anyContent": bool(lesson.content),
                "anyHomeworkToDoForTheLesson": bool(before),
                "anyHomeworkToDoAfterTheLesson": bool(after),
            },
            {
                "subject": subject_of(lesson.subject),
                "teachers": lambda: self._lookup.people.known([lesson.teacher]),
                "contents": lambda: self._contents(db, ask, lesson),
                "toDoForTheLesson": lambda: [self._homework(db, ask, each, done) for each in before],
                "toDoAfterTheLesson": lambda: [self._homework(db, ask, each, done) for each in after],
            },
        )

    def _contents(self, db: Connection, ask: Ask, lesson: lessons.Lesson) -> list[Resource]:
        if not lesson.content:
            return []
        return [
            Resource(
                "lessonContent",
                str(lesson.id),
                {"title": lesson.title, "html": paragraph(lesson.content), "url": None},
                {"attachments": lambda: self._files.attached(ask, attachments.of(db, "lesson", [lesson.id]))},
            )
        ]

    def _homework(self, db: Connection, ask: Ask, work: homework.Homework, done: frozenset[int]) -> Resource:
        portal = f"{ask.base}etab/{work.uai}/travail/{work.id}"
        return Resource(
            "homework",
            str(work.id),
            {
                "title": work.title,
                "html": paragraph(work.content),
                "dueDate": work.due_on,
                "dueDateTime": ask.instant(f"{work.due_on}T08:00:00"),
                "done": work.id in done,
                "deliverWorkOnline": work.to_hand_in,
                "onlineDeliveryUrl": portal if work.to_hand_in else None,
                "submissionAllowed": work.to_hand_in,
            },
            {
                "subject": subject_of(work.subject),
                "teacher": lambda: self._teacher(work.teacher),
                "attachments": lambda: self._files.attached(ask, attachments.of(db, "homework", [work.id])),
                "audio": None,
                "pedagogicContent": None,
                "commonCorrectedWork": None,
                "individualCorrectedWork": None,
            },
        )

    def _teacher(self, login: str) -> Resource | None:
        """A teacher of a homework: the name, and the person behind it as a resource of its own."""
        known = self._lookup.people.known([login])
        if not known:
            return None
        person = known[0]
        return Resource(
            "teacher", person.id, person.attributes, {"person": Resource("person", person.id, person.attributes)}
        )


def subject_of(label: str) -> Resource:
    """A subject, with the colour that it has in the agenda."""
    number = draw("subject", label)
    return Resource("subject", f"SUB-{number % 10**8:08d}", {"label": label, "color": _COLOURS[number % len(_COLOURS)]})


def paragraph(text: str) -> str:
    """A text as the HTML that the app shows; nothing in it is trusted."""
    from markupsafe import escape

    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def _concerns(subject: Person, class_name: str, teacher: str) -> bool:
    return class_name in subject.classes if subject.rights == "student" else teacher == subject.login


def _done_of(body: object, key: str) -> bool:
    """What a PATCH says of `done`, the only thing of a homework that may be changed. Raises Refused."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or data.get("type") != "homework" or str(data.get("id")) != key:
        raise Refused(409, "the document is not about this homework", source={"pointer": "/data"})
    attributes = data.get("attributes")
    if not isinstance(attributes, dict) or set(attributes) != {"done"} or not isinstance(attributes["done"], bool):
        raise Refused(403, "done, true or false, is all that may be changed", source={"pointer": "/data/attributes"})
    return attributes["done"]
