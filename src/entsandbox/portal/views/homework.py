"""Work to do: set by teachers, marked as done and handed in by pupils."""

from __future__ import annotations

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
from entsandbox.state.store import attachments, homework, moment, notifications
from entsandbox.state.store.homework import HandIn, Homework

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent

PATH = "travail"
_DAYS_BACK, _DAYS_AHEAD = 3, 30
_DUE_IN_DAYS = 7


def read(db: Connection, asked: Asked) -> View | None:
    """The work that is due, or one piece of it with its documents and what was handed in."""
    if asked.key is not None:
        work = homework.one(db, asked.person.uai, asked.key, asked.person)
        return one(db, asked, work) if work is not None and may_read(asked, work) else None
    today = moment.today().isoformat()
    span = (moment.day_after(today, -_DAYS_BACK), moment.day_after(today, _DAYS_AHEAD))
    found = homework.of_classes(db, asked.person.uai, asked.reach.classes, *span, most=20, reader=asked.person)
    done = homework.done(db, asked.person.login, [each.id for each in found])
    items = [
        Item(
            f"{each.subject} : {each.title}",
            asked.link(f"{PATH}/{each.id}"),
            f"{each.class_name}, pour le {day(each.due_on)}" + (", fait" if each.id in done else ""),
        )
        for each in found
    ]
    return View([Section(items)], forms=_set_form(asked))


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Set work for a class; its pupils are notified."""
    person, today = asked.person, moment.today().isoformat()
    if person.rights != "teacher":
        raise Denied
    name, title = sent.text("classe") or person.classes[0], sent.text("titre") or "Sans titre"
    due = _day(sent.text("pour_le")) or moment.day_after(today, _DUE_IN_DAYS)
    if name not in person.classes:
        raise Misaddressed
    content, handed_in = sent.text("contenu", 20_000), sent.text("a_rendre") == "1"
    new = Homework(0, person.uai, name, person.subject or "", person.login, None, title, content, today, due, handed_in)
    work = homework.set_work(db, new)
    kept = asked.campus.updates.keep(db, "homework", work.id, person)
    attachments.attach(db, work.uai, "homework", work.id, sent.uploads)
    pupils = [pupil.login for pupil in asked.campus.directory.pupils_of(person.school, name)]
    path = f"{PATH}/{work.id}"
    notifications.notify(db, pupils, "homework", f"Travail à faire, {work.subject} : {title}", path, moment.now())
    return Written(one(db, asked, work), path, kept)


def mark(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Mark work as done, or as not done (`fait` is 0)."""
    work = _work_of_a_pupil(db, asked)
    homework.mark(db, asked.person.login, work.id, is_done=sent.text("fait") != "0")
    return Written(one(db, asked, work), f"{PATH}/{work.id}/fait")


def unmark(db: Connection, asked: Asked) -> bool | None:
    """Take one's mark of being done back; none when there is no such work."""
    work = homework.one(db, asked.person.uai, asked.key or 0, asked.person)
    if work is None or not may_read(asked, work):
        return None
    homework.mark(db, asked.person.login, work.id, is_done=False)
    return True


def hand_in(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Hand a file in; the work counts as done."""
    work = _work_of_a_pupil(db, asked)
    names = [upload.name for upload in sent.uploads]
    title = sent.text("titre") or ", ".join(names)[:200] or "Travail rendu"
    handed = homework.hand_in(db, HandIn(0, work.id, asked.person.login, title, moment.now()))
    attachments.attach(db, work.uai, "hand-in", handed.id, sent.uploads)
    homework.mark(db, asked.person.login, work.id, is_done=True)
    return Written(one(db, asked, work), f"{PATH}/{work.id}/rendu/{handed.id}")


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete work that one set; none when there is no such work."""
    work = homework.one(db, asked.person.uai, asked.key or 0, asked.person)
    if work is None:
        return None
    if work.teacher != asked.person.login:
        return False
    handed = [each.id for each in homework.hand_ins(db, work.id)]
    attachments.detach(db, "hand-in", handed)
    attachments.detach(db, "homework", [work.id])
    notifications.withdraw(db, f"{PATH}/{work.id}")
    homework.remove(db, work.id)
    return True


def take_hand_in_back(db: Connection, asked: Asked) -> bool | None:
    """Delete what one handed in; none when there is no such thing."""
    handed = homework.one_hand_in(db, asked.key or 0)
    if handed is None:
        return None
    if handed.login != asked.person.login:
        return False
    attachments.detach(db, "hand-in", [handed.id])
    homework.take_back(db, handed.id)
    return True


def may_read(asked: Asked, work: Homework) -> bool:
    """Whether work concerns somebody."""
    return work.class_name in asked.reach.classes or work.teacher == asked.person.login


def one(db: Connection, asked: Asked, work: Homework) -> View:
    """A piece of work: a pupil sees their own hand-ins, its teacher everyone's, a parent their children's."""
    done = bool(homework.done(db, asked.person.login, [work.id]))
    byline = f"{asked.name_of(work.teacher)}, {work.class_name}, pour le {day(work.due_on)}"
    article = Article(work.id, work.title, (work.content,), byline + (", fait" if done else ""))
    handed = [each for each in homework.hand_ins(db, work.id) if sees_hand_in(asked, work, each.login)]
    files = attachments.of(db, "hand-in", [each.id for each in handed])
    sections = [
        asked.attached(attachments.of(db, "homework", [work.id])),
        Section([Item(each.title, "", f"{asked.name_of(each.login)}, {day(each.at)}") for each in handed], "Rendus"),
        Section([Item(each.name, asked.link(f"pieces/{each.id}")) for each in files], "Fichiers rendus"),
    ]
    return View(sections, article, _pupils_forms(asked, work, is_done=done))


def sees_hand_in(asked: Asked, work: Homework, login: str) -> bool:
    """Whether what a pupil handed in for some work is somebody's to see."""
    if asked.person.rights == "teacher":
        return work.teacher == asked.person.login
    return any(pupil.login == login for pupil in asked.reach.pupils)


def _work_of_a_pupil(db: Connection, asked: Asked) -> Homework:
    work = homework.one(db, asked.person.uai, asked.key or 0, asked.person)
    if asked.person.rights != "student" or work is None or not may_read(asked, work):
        raise Denied
    return work


def _set_form(asked: Asked) -> tuple[Form, ...]:
    if asked.person.rights != "teacher":
        return ()
    fields = (
        class_field(asked.person.classes),
        Field("titre"),
        Field("contenu", "textarea"),
        Field("pour_le", "date"),
        Field("a_rendre", "select", (("0", "Non"), ("1", "Oui"))),
        Field("fichier", "file"),
    )
    return (Form(PATH, fields),)


def _pupils_forms(asked: Asked, work: Homework, *, is_done: bool) -> tuple[Form, ...]:
    if asked.person.rights != "student":
        return ()
    value, label = ("0", "Marquer comme non fait") if is_done else ("1", "Marquer comme fait")
    return (
        Form(f"{PATH}/{work.id}/rendu", (Field("titre"), Field("fichier", "file")), "Rendre"),
        Form(f"{PATH}/{work.id}/fait", (Field("fait", "hidden", ((value, ""),)),), label),
    )


def _day(text: str) -> str:
    """A day as the store writes it; empty when it is none."""
    try:
        return moment.day_after(text, 0)
    except ValueError:
        return ""
