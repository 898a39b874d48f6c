"""A Moodle course: a class's, with its assignments and one forum; handing in, through a draft area."""

from __future__ import annotations

import secrets
from html import escape
from typing import TYPE_CHECKING

from entsandbox.moodle import answers
from entsandbox.moodle.endpoint import Endpoint, Missing
from entsandbox.state.store import attachments, drafts, homework, lessons, moment
from entsandbox.state.store.homework import HandIn

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.moodle.endpoint import Ask
    from entsandbox.state.store.homework import Homework

_DAYS_BACK, _DAYS_AHEAD, _MOST = 30, 30, 20
_UPLOADS = '<script>M.repositories = {"5":{"id":"5","name":"Déposer un fichier","type":"upload"}};</script>'
_UPLOAD_ID = "5"


def endpoints() -> list[Endpoint]:
    """What it answers; what leads to a page by a redirect costs nothing, the page does."""
    return [
        Endpoint("GET", "/my/", _dashboard, service="home"),
        Endpoint("GET", "/course/view.php", _course, service="lesson-book"),
        Endpoint("GET", "/mod/assign/view.php", _assignment, service="homework"),
        Endpoint("POST", "/mod/assign/view.php", _submit, belongs_to="homework"),
        Endpoint("POST", "/repository/repository_ajax.php", _upload, belongs_to="homework"),
    ]


def _dashboard(db: Connection, ask: Ask) -> Response:
    del db
    links = [_link(f"/course/view.php?id={ask.site.course(ask.person, name)}", name) for name in ask.reach.classes]
    return ask.page("Tableau de bord", f"<ul>{''.join(links)}</ul>")


def _course(db: Connection, ask: Ask) -> Response:
    course = ask.number("id")
    name = ask.own_class(course)
    written = lessons.latest(db, ask.person.uai, (name,), moment.now(), most=10, reader=ask.person)
    sections = "".join(
        f"<section><h2>{escape(each.title)}</h2><p>{escape(each.content)}</p></section>" for each in written
    )
    works = "".join(_link(f"/mod/assign/view.php?id={each.id}", each.title) for each in _works(db, ask, name))
    forum = _link(f"/mod/forum/view.php?id={course}", "Forum")
    return ask.page(name, f"{sections}<ul>{works}{forum}</ul>")


def _assignment(db: Connection, ask: Ask) -> Response:
    """An assignment; with `action=editsubmission` the form, whose draft area is new each time."""
    work = _work(db, ask)
    if ask.query.get("action") == "editsubmission":
        fields = answers.hidden(
            id=str(work.id), sesskey=answers.sesskey(ask.portal), action="savesubmission",
            files_filemanager=str(secrets.randbelow(900_000_000) + 1), lastmodified="0",
        )  # fmt: skip
        form = (
            f'<form action="/mod/assign/view.php" method="post">{fields}<button name="submitbutton">OK</button></form>'
        )
        return ask.page(work.title, _UPLOADS + form)
    own = homework.hand_ins(db, work.id, ask.person.login)
    state = "Remis pour évaluation" if own else "Aucun travail remis"
    return ask.page(work.title, f"<p>{escape(work.content)}</p><p>{state}</p>")


def _upload(db: Connection, ask: Ask) -> Response:
    """A file into a draft area."""
    item = ask.sent.number("itemid")
    if item is None or ask.sent.text("repo_id") != _UPLOAD_ID or not ask.sent.uploads:
        return answers.answered({"error": "nofile", "errorcode": "nofile"})
    upload = ask.sent.uploads[0]
    drafts.keep(db, item, ask.person.login, upload)
    return answers.answered({"url": f"/draftfile.php/{item}/{upload.name}", "id": item, "file": upload.name})


def _submit(db: Connection, ask: Ask) -> Response:
    """Hand in what lies in the draft area, or take back what was handed in."""
    work = _work(db, ask)
    before = homework.hand_ins(db, work.id, ask.person.login)
    where = f"/mod/assign/view.php?id={work.id}&action=view"
    if ask.sent.text("action") == "removesubmission":
        _forget(db, before)
        return answers.to(where)
    upload = drafts.take(db, ask.sent.number("files_filemanager") or 0, ask.person.login)
    if ask.person.rights != "student" or upload is None:
        return answers.document("Erreur", '<p class="errormessage">nothingtosubmit</p>', 400)
    _forget(db, before)
    handed = homework.hand_in(db, HandIn(0, work.id, ask.person.login, upload.name, moment.now()))
    attachments.attach(db, work.uai, "hand-in", handed.id, [upload])
    return answers.to(where)


def _forget(db: Connection, handed: list[HandIn]) -> None:
    attachments.detach(db, "hand-in", [each.id for each in handed])
    for each in handed:
        homework.take_back(db, each.id)


def _work(db: Connection, ask: Ask) -> Homework:
    """The assignment that is asked for, of a class of one's own. Raises Missing."""
    work = homework.one(db, ask.person.uai, ask.number("id") or 0, ask.person)
    if work is None or work.class_name not in ask.reach.classes:
        raise Missing
    return work


def _works(db: Connection, ask: Ask, name: str) -> list[Homework]:
    today = moment.today().isoformat()
    span = (moment.day_after(today, -_DAYS_BACK), moment.day_after(today, _DAYS_AHEAD))
    return homework.of_classes(db, ask.person.uai, (name,), *span, most=_MOST, reader=ask.person)


def _link(address: str, text: str) -> str:
    return f'<li><a href="{escape(address)}">{escape(text)}</a></li>'
