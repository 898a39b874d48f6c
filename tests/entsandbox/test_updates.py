"""What is written during the digital pause: kept, the author's alone, given out at its end; marks later to parents."""

import asyncio

import pytest

from entsandbox.directory import Directory
from entsandbox.measures import Measures
from entsandbox.settings import Settings
from entsandbox.state.store import Database, homework, lessons, marks, messages, news, notifications, threads
from entsandbox.state.store.homework import Homework
from entsandbox.state.store.lessons import Lesson
from entsandbox.state.store.marks import Evaluation
from entsandbox.state.store.messages import Communication
from entsandbox.state.store.news import News
from entsandbox.telemetry import Telemetry
from entsandbox.updates import Updates
from entsurge.population import Population

PEOPLE = Population(1, 1, 1, 2, 10)
TEACHER = PEOPLE.person("teacher", 0)
NAME = TEACHER.classes[0]
PUPIL = next(pupil for pupil in (PEOPLE.person("student", n) for n in range(20)) if NAME in pupil.classes)
PARENT = PEOPLE.person("parent", PEOPLE.parents_of(PUPIL.index)[0])
NOW, WEEK = "2026-11-29T22:00:00", ("2026-11-23", "2026-12-06")


class Night:
    """A database on Sunday at 22:00, the pause ordered, and a clock that a test sets; a day is 24 s."""

    def __init__(self, hours=24.0):
        self.seconds = 1_000.0
        self.database = Database()
        self.database.rebuild()
        self.measures = Measures(Settings(simulated_hour=22, compression=3_600), lambda: self.seconds)
        self.updates = Updates(
            self.measures, Telemetry(), Directory(PEOPLE), clock=lambda: self.seconds, parents_wait_seconds=hours
        )
        self.measures.put("updates-suspended")

    def until(self, hours):
        """Let hours pass, and the sandbox keep up."""
        self.seconds += hours
        asyncio.run(self.updates.keep_up(self.database))

    def ask(self, work):
        """What a transaction finds."""
        with self.database.transaction() as db:
            return work(db)


@pytest.fixture
def night():
    """A Sunday night; closed at the end of the test."""
    made = Night()
    yield made
    made.database.close()


def enter_marks(night, login=PUPIL.login):
    def enter(db):
        service = marks.taught_by(db, TEACHER.uai, NAME, TEACHER.login, "Histoire")
        kept = marks.enter(db, Evaluation(0, service.id, 1, "Dimanche", "2026-11-29", 20, 1.0, None), {login: 12.0})
        return kept.id, night.updates.keep_marks(db, kept.id, TEACHER)

    return night.ask(enter)


def test_homework_news_and_lessons_appear_at_seven(night):
    """Their author alone sees them until then; a lesson of the timetable is blank, as one that is not written."""

    def write(db):
        work = Homework(0, TEACHER.uai, NAME, "Histoire", TEACHER.login, None, "DM", "p. 12", "2026-11-29",
                        "2026-12-04", False)  # fmt: skip
        lesson = Lesson(0, TEACHER.uai, NAME, "Histoire", TEACHER.login, "2026-11-27T08:00:00", "2026-11-27T08:55:00",
                        "La Ligue", "Hanse")  # fmt: skip
        made = (
            ("homework", homework.set_work(db, work)),
            ("lesson", lessons.write(db, lesson)),
            ("news", news.publish(db, News(0, TEACHER.uai, "Neige", "…", TEACHER.login, NOW))),
        )
        assert all(night.updates.keep(db, kind, each.id, TEACHER) for kind, each in made)

    def seen(reader):
        def read(db):
            uai, classes = TEACHER.uai, (NAME,)
            written = lessons.latest(db, uai, classes, NOW, reader=reader)
            return [
                *(each.title for each in homework.of_classes(db, uai, classes, *WEEK, reader=reader)),
                *(each.title for each in lessons.of_classes(db, uai, classes, *WEEK, reader=reader)),
                *(each.title for each in written),
                *(each.title for each in news.latest(db, uai, reader=reader)),
            ]

        return night.ask(read)

    night.ask(write)
    assert seen(TEACHER) == ["DM", "La Ligue", "La Ligue", "Neige"]
    night.until(8.9)
    assert seen(PUPIL) == [""]
    night.until(0.2)
    assert seen(PUPIL) == ["DM", "La Ligue", "La Ligue", "Neige"]


def test_messages_and_answers_arrive_at_seven(night):
    """A new message and an answer lie in no other mailbox before; both arrive unread, the Monday's backlog."""

    def before(db):
        old = Communication(0, PUPIL.uai, PUPIL.login, "Ancien", TEACHER.login, "2026-11-27T10:00:00")
        sent, _ = messages.send(db, old, "Bonjour", [TEACHER.login])
        messages.mark(db, PUPIL.login, sent.id, read=True)
        assert night.updates.kept("participation", TEACHER)
        messages.reply(db, sent.id, TEACHER.login, "Réponse", NOW, later=True)
        new = Communication(0, PUPIL.uai, TEACHER.login, "Nouveau", PUPIL.login, NOW)
        return sent.id, messages.send(db, new, "Contenu", [PUPIL.login], later=True)[0].id

    old, new = night.ask(before)

    def mailbox(db):
        said = [each.content for each in messages.participations(db, old, PUPIL)]
        ends = threads.ends(db, [old], PUPIL)[old]
        return messages.unread(db, PUPIL.login), messages.one(db, PUPIL.login, new) is not None, said, ends.number

    assert night.ask(mailbox) == (0, False, ["Bonjour"], 1)
    night.until(9.1)
    assert night.ask(mailbox) == (2, True, ["Bonjour", "Réponse"], 2)
    assert night.ask(lambda db: messages.one(db, PUPIL.login, new)).unread


def test_parents_see_marks_a_day_after_pupils(night):
    """From 7:00 pupils, and parents 24 hours later, with a notification of their own."""
    key, kept = enter_marks(night)
    assert kept

    def seen(reader):
        return night.ask(lambda db: [each.mark for each in marks.of_pupil(db, PUPIL.login, reader)])

    assert (seen(TEACHER), seen(PUPIL), seen(PARENT)) == ([12.0], [], [])
    night.until(9.1)
    assert (seen(PUPIL), seen(PARENT)) == ([12.0], [])
    night.measures.put("updates-suspended", on=False)
    night.until(23.8)
    assert seen(PARENT) == []
    night.until(0.3)
    assert seen(PARENT) == [12.0]
    told = night.ask(lambda db: notifications.latest(db, PARENT.login))
    assert [(each.title, each.path) for each in told] == [("Notes, Histoire : Dimanche", f"notes/{key}")]


def test_a_school_may_say_otherwise():
    """With no delay parents see and are told what pupils see and are told."""
    night = Night(hours=0.0)
    night.measures.put("updates-suspended", on=False)
    enter_marks(night)
    assert night.ask(lambda db: marks.of_pupil(db, PUPIL.login, PARENT))
    assert night.ask(lambda db: notifications.unread(db, PARENT.login)) == 1
    night.database.close()


def test_what_is_taken_back_in_the_pause_is_announced_to_nobody(night):
    """An evaluation that is gone by the time that parents would see it leaves nothing behind."""
    key, _ = enter_marks(night)
    night.ask(lambda db: marks.remove(db, key))
    night.until(9.1)
    night.measures.put("updates-suspended", on=False)
    night.until(25)
    assert night.ask(lambda db: notifications.unread(db, PARENT.login)) == 0
