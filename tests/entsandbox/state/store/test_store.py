"""What is written is kept, in SQLite and in PostgreSQL alike."""

import io
import sqlite3
import time

import pytest
from sqlalchemy import func, select, text

from entsandbox.state.store import (
    Database,
    Unavailable,
    absences,
    accounts,
    attachments,
    chat,
    files,
    homework,
    lessons,
    marks,
    messages,
    moment,
    news,
    notifications,
    schema,
    seeding,
)
from entsandbox.state.store.absences import Absence, Register
from entsandbox.state.store.attachments import Upload
from entsandbox.state.store.chat import ChatMessage
from entsandbox.state.store.disk import Disk
from entsandbox.state.store.files import File
from entsandbox.state.store.homework import HandIn
from entsandbox.state.store.messages import Communication
from entsurge.errors import UsageError
from entsurge.population import Population

PEOPLE = Population(1, 2, 2, 3, 12)
PUPIL, TEACHER = PEOPLE.person("student", 0), PEOPLE.person("teacher", 0)
NOW = "2026-11-25T10:00:00"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    """A seeded database of each kind."""
    folder = tmp_path_factory.mktemp("store")
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/sandbox.db"
    else:
        url = request.getfixturevalue("postgres").new_database("store")
    made = Database(url)
    made.rebuild()
    seeding.seed(made, Disk(str(folder / "files")), PEOPLE)
    yield made
    made.close()


@pytest.fixture
def db(database):
    """A transaction."""
    with database.transaction() as connection:
        yield connection


def test_a_password_is_kept_hashed_and_hashed_anew(db):
    """No password stands in the table; the right one is known; its first use hashes it at the cost asked for."""
    row = db.execute(select(schema.ACCOUNT).where(schema.ACCOUNT.c.login == PUPIL.login)).one()
    assert PUPIL.password.encode() not in row.hash + row.salt
    assert not accounts.verify(db, PUPIL.login, "faux", 4)
    assert not accounts.verify(db, "personne", PUPIL.password, 4)
    assert accounts.verify(db, PUPIL.login, PUPIL.password, 4)
    again = db.execute(select(schema.ACCOUNT).where(schema.ACCOUNT.c.login == PUPIL.login)).one()
    assert (again.cost, again.hash == row.hash, again.salt == row.salt) == (4, False, False)
    assert accounts.verify(db, PUPIL.login, PUPIL.password, 4)


def test_lessons(db):
    """A lesson is written and found by class, by teacher and by number; an unwritten one is not among the last."""
    today = moment.today().isoformat()
    week = lessons.of_classes(
        db, PUPIL.uai, PUPIL.classes, moment.day_after(today, -14), moment.day_after(today, 14), reader=PUPIL
    )
    assert {lesson.class_name for lesson in week} == set(PUPIL.classes)
    assert [lesson.starts_at for lesson in week] == sorted(lesson.starts_at for lesson in week)
    unwritten = next(lesson for lesson in week if not lesson.content)
    late = f"{moment.day_after(today, 30)}"
    assert unwritten.id not in {
        lesson.id for lesson in lessons.latest(db, PUPIL.uai, PUPIL.classes, late, 100, reader=PUPIL)
    }
    kept = lessons.write(db, unwritten._replace(title="Neuve", content="Texte", teacher=TEACHER.login))
    assert lessons.one(db, PUPIL.uai, kept.id, PUPIL) == kept
    assert kept in lessons.of_teacher(db, TEACHER.login, today, late)
    assert lessons.one(db, PEOPLE.school(1).uai, kept.id, PUPIL) is None
    assert lessons.rewrite(db, kept, "Autre", "Plus")._replace(title="Neuve", content="Texte") == kept
    lessons.remove(db, kept.id)
    assert lessons.one(db, PUPIL.uai, kept.id, PUPIL) is None


def test_homework_is_done_and_handed_in(db):
    """Marks of being done are each pupil's own; what is handed in carries its file."""
    work = homework.of_classes(db, PUPIL.uai, PUPIL.classes, "2000-01-01", "2100-01-01", reader=PUPIL)[0]
    homework.mark(db, PUPIL.login, work.id, is_done=True)
    homework.mark(db, PUPIL.login, work.id, is_done=True)
    assert homework.done(db, PUPIL.login, [work.id]) == {work.id}
    assert homework.done(db, TEACHER.login, [work.id]) == set()
    homework.mark(db, PUPIL.login, work.id, is_done=False)
    assert homework.done(db, PUPIL.login, [work.id]) == set()
    handed = homework.hand_in(db, HandIn(0, work.id, PUPIL.login, "Copie", NOW))
    attachments.attach(db, PUPIL.uai, "hand-in", handed.id, [Upload("copie.txt", "text/plain", 5, "abc")])
    assert homework.hand_ins(db, work.id) == homework.hand_ins(db, work.id, PUPIL.login) == [handed]
    [attachment] = attachments.of(db, "hand-in", [handed.id])
    assert attachments.one(db, PUPIL.uai, attachment.id) == attachment
    homework.take_back(db, handed.id)
    assert homework.hand_ins(db, work.id) == []


def test_messages_are_unread_until_read_and_again_when_answered(db):
    """A message lies in its recipients' inboxes and its author's sent folder; unread counts follow."""
    before = messages.unread(db, PUPIL.login)
    new = Communication(0, TEACHER.uai, TEACHER.login, "Bonjour", "2DE1", NOW)
    sent, said = messages.send(db, new, "Texte", [PUPIL.login, TEACHER.login, PUPIL.login])
    assert messages.participants(db, sent.id) == sorted([PUPIL.login, TEACHER.login])
    assert messages.unread(db, PUPIL.login) == before + 1 == messages.counts(db, PUPIL.login)["inbox"][1]
    assert messages.one(db, TEACHER.login, sent.id).folder == "sent"
    assert messages.one(db, PEOPLE.person("student", 1).login, sent.id) is None
    messages.mark(db, PUPIL.login, sent.id, read=True)
    assert messages.unread(db, PUPIL.login) == before
    messages.move(db, TEACHER.login, [sent.id], "trash")
    answer = messages.reply(db, sent.id, PUPIL.login, "Merci", "2026-11-25T11:00:00")
    assert messages.participations(db, sent.id, PUPIL) == [said, answer]
    further = messages.reply(db, sent.id, PUPIL.login, "De trop", answer.at)
    messages.unsay(db, further.id)
    assert messages.participations(db, sent.id, PUPIL) == [said, answer]
    letter = messages.one(db, TEACHER.login, sent.id)
    assert (letter.folder, letter.unread, letter.communication.last_at) == ("inbox", True, answer.at)
    assert messages.one_participation(db, answer.id, PUPIL) == answer
    draft, _ = messages.send(db, new._replace(audience=TEACHER.login), "Plus tard", [TEACHER.login])
    assert messages.folder(db, TEACHER.login, "drafts")[0].communication == draft
    messages.remove(db, sent.id)
    assert messages.one(db, PUPIL.login, sent.id) is None


def test_marks(db):
    """A pupil has marks in every subject of the class, and a mean between 5 and 20; others' are others'."""
    marked = marks.of_pupil(db, PUPIL.login, PUPIL)
    taught = marks.taught(db, PUPIL.uai, PUPIL.classes)
    assert {each.evaluation.service for each in marked} == {service.id for service in taught}
    assert 5 <= marks.average(marked) <= 20
    one = marked[0]
    assert marks.one(db, PUPIL.login, one.evaluation.id, PUPIL) == one
    assert marks.one(db, PEOPLE.person("student", 1).login, one.evaluation.id, PUPIL) is None
    assert marks.results(db, one.evaluation.id)[PUPIL.login] == one.mark
    assert one.evaluation in marks.of_services(db, [one.evaluation.service], PUPIL)
    assert [period.name for period in marks.periods(db, PUPIL.uai)] == ["Trimestre 1", "Trimestre 2", "Trimestre 3"]


def test_a_register_makes_absences(db):
    """A register keeps who was absent, whom staff then excuse; taken back, its absences go with it."""
    absence = Absence(0, PUPIL.uai, PUPIL.login, "2DE1", "absence", NOW, NOW, None, False, "", TEACHER.login, None)
    register = absences.take_register(db, Register(0, PUPIL.uai, "2DE1", TEACHER.login, NOW, 0), [absence])
    assert register.absent == 1
    [kept] = absences.of_register(db, register.id)
    assert kept in absences.of_pupils(db, [PUPIL.login])
    reason = absences.reasons(db)[0]
    absences.justify(db, kept.id, reason.id, "Certificat")
    assert absences.one(db, PUPIL.uai, kept.id)[7:10] == (reason.id, True, "Certificat")
    assert absences.registers(db, PUPIL.uai)[0] == absences.one_register(db, PUPIL.uai, register.id) == register
    absences.remove_register(db, register.id)
    assert absences.one(db, PUPIL.uai, kept.id) is None


def test_files_news_notifications_and_chat(db):
    """Each is kept and found again, by whom it is for."""
    used = files.used_bytes(db, PUPIL.login)
    file = files.add(db, File(0, PUPIL.uai, PUPIL.login, PUPIL.login, "a.txt", "text/plain", 12, "abc", NOW))
    assert files.used_bytes(db, PUPIL.login) == used + 12
    assert files.readable(db, PUPIL.uai, [PUPIL.login])[0] == file
    assert file not in files.readable(db, PUPIL.uai, ["tous", *PUPIL.classes], most=1_000)
    published = news.publish(db, news.News(0, PUPIL.uai, "Neuf", "Texte", TEACHER.login, NOW))
    assert (
        news.latest(db, PUPIL.uai, reader=PUPIL)[0] == news.one(db, PUPIL.uai, published.id, reader=PUPIL) == published
    )
    assert news.one(db, PEOPLE.school(1).uai, published.id, reader=PUPIL) is None
    unread = notifications.unread(db, PUPIL.login)
    notifications.notify(db, [PUPIL.login], "news", "Neuf", "actualites/1", NOW)
    assert notifications.unread(db, PUPIL.login) == unread + 1
    assert notifications.latest(db, PUPIL.login)[0].title == "Neuf"
    notifications.read_all(db, PUPIL.login)
    assert notifications.unread(db, PUPIL.login) == 0
    said = [chat.say(db, ChatMessage(0, PUPIL.uai, "2DE1", PUPIL.login, str(n), NOW)) for n in range(3)]
    assert chat.history(db, PUPIL.uai, "2DE1", most=2) == said[1:]
    assert chat.history(db, PUPIL.uai, "2DE1", before=said[1].id) == said[:1]


def test_a_transaction_is_kept_whole_or_not_at_all(database):
    """What fails half-way leaves nothing behind."""

    def count():
        with database.transaction() as db:
            return db.execute(select(func.count()).select_from(schema.NEWS)).scalar_one()

    def publish_and_fail():
        with database.transaction() as db:
            news.publish(db, news.News(0, "x", "x", "x", "x", NOW))
            raise ZeroDivisionError

    def ask_nonsense():
        with database.transaction() as db:
            db.execute(text("SELECT 1 FROM nowhere"))

    before = count()
    with pytest.raises(ZeroDivisionError):
        publish_and_fail()
    with pytest.raises(Unavailable, match="nowhere"):
        ask_nonsense()
    assert count() == before


def test_seeding_is_the_same_for_a_seed():
    """Two sandboxes of one seed and one day begin with the same rows, to the byte."""

    def dump():
        database = Database()
        database.rebuild()
        disk = Disk()
        seeding.seed(database, disk, PEOPLE, moment.today())
        with database.transaction() as db:
            rows = {table.name: db.execute(select(table)).all() for table in schema.METADATA.sorted_tables}
        database.close()
        disk.close()
        return rows

    one = dump()
    assert one == dump()
    empty = {name for name, rows in one.items() if not rows}
    written_later = {"homework_done", "hand_in", "register", "chat_message"}
    shared = {"session", "portal_session", "one_time", "allowance", "measure", "limit_now"}
    assert empty >= written_later | shared
    assert {"lesson", "homework", "recipient", "evaluation_result", "news", "account"} & empty == set()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_twenty_thousand_people_are_seeded_within_a_minute(kind, request, tmp_path):
    """A region's tenth: accounts, lessons, messages, marks, in bulk."""
    people = Population(1, 4, 20, 15, 30)
    assert sum(people.count(persona) for persona in ("student", "teacher", "parent", "staff")) > 20_000
    postgres = request.getfixturevalue("postgres") if kind == "postgresql" else None
    database = Database(postgres.new_database("many") if postgres else f"sqlite:///{tmp_path}/many.db")
    began = time.monotonic()
    database.rebuild()
    seeding.seed(database, Disk(str(tmp_path / "files")), people)
    assert time.monotonic() - began < 60
    with database.transaction() as db:
        assert db.execute(select(func.count()).select_from(schema.ACCOUNT)).scalar_one() > 20_000
    database.close()


def test_a_strangers_database_is_left_alone(tmp_path):
    """A SQLite file that is not a sandbox's, a folder that is not there, another product: refused by name."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE thing (x)")
    theirs.close()
    database = Database(f"sqlite:///{path}")
    with pytest.raises(UsageError, match="left alone"):
        database.rebuild()
    database.close()
    for url in ("sqlite:////nowhere/x.db", "mysql://root@localhost/x", "nonsense", "oracle+nothing://x"):
        with pytest.raises(UsageError):
            Database(url)


def test_other_schemas_of_postgresql_are_left_alone(postgres):
    """Rebuilding drops the sandbox's own schema and nothing else; a second rebuild starts from nothing."""
    database = Database(postgres.new_database("neighbours"))
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE public.lesson (x integer)"))
        connection.execute(text("INSERT INTO public.lesson VALUES (1)"))
    for _ in range(2):
        database.rebuild()
        with database.transaction() as db:
            assert news.latest(db, "x", reader=None) == []
            news.publish(db, news.News(0, "x", "x", "x", "x", NOW))
            assert db.execute(text("SELECT x FROM public.lesson")).scalar_one() == 1
    database.close()


def test_files_are_kept_once(tmp_path):
    """The same bytes lie on disk once, whatever they are called; what is not there reads as nothing."""
    disk = Disk(str(tmp_path / "files"))
    content = b"a document" * 20_000
    digest, size = disk.keep(io.BytesIO(content))
    assert disk.keep(io.BytesIO(content)) == (digest, size) == (digest, len(content))
    assert b"".join(disk.read(digest)) == content
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1
    assert list(disk.read("0" * 64)) == []
    temporary = Disk()
    folder = temporary.folder
    temporary.close()
    assert not folder.exists()
