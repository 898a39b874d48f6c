"""A course's forum: its one discussion, an answer in it, and taking that back."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from entsandbox.moodle import answers
from entsandbox.moodle.endpoint import Endpoint, Missing
from entsandbox.state.store import chat, moment
from entsandbox.state.store.chat import ChatMessage

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.moodle.endpoint import Ask

_MOST = 50
_FIRST_POST = "0"  # the teacher's, which opens the discussion
_TAG = re.compile(r"<[^>]*>")


def endpoints() -> list[Endpoint]:
    """What it answers."""
    return [
        Endpoint("GET", "/mod/forum/view.php", _forum, service="chat"),
        Endpoint("GET", "/mod/forum/discuss.php", _discussion, service="chat"),
        Endpoint("GET", "/mod/forum/post.php", _form, belongs_to="chat"),
        Endpoint("POST", "/mod/forum/post.php", _post, belongs_to="chat"),
    ]


def _forum(db: Connection, ask: Ask) -> Response:
    del db
    course = ask.number("id")
    ask.own_class(course)
    return ask.page("Forum", f'<a href="/mod/forum/discuss.php?d={course}">Questions</a>')


def _discussion(db: Connection, ask: Ask) -> Response:
    """Every post, the newest last, and the way to answer."""
    room = _room(ask, ask.number("d"))
    posts = "".join(
        f'<article id="p{each.id}"><p>{escape(ask.site.name_of(each.author))} : {escape(each.content)}</p></article>'
        for each in chat.history(db, ask.person.uai, room, most=_MOST)
    )
    first = f'<article id="p{_FIRST_POST}"><p>Posez ici vos questions.</p></article>'
    answer = f'<a href="/mod/forum/post.php?reply={_FIRST_POST}&amp;d={ask.number("d")}">Répondre</a>'
    return ask.page("Questions", first + answer + posts)


def _form(db: Connection, ask: Ask) -> Response:
    """The form of an answer, or the question whether a post is to go."""
    del db
    if "delete" in ask.query:
        return ask.page("Supprimer", "<p>Voulez-vous vraiment supprimer ce message ?</p>")
    course = str(ask.site.course(ask.person, ask.reach.classes[0]))
    fields = answers.hidden(
        forum=course, course=course, reply=ask.query.get("reply", _FIRST_POST), sesskey=answers.sesskey(ask.portal),
        message__itemid="1", message__format="1",
    )  # fmt: skip
    text = '<textarea name="message[text]"></textarea>'
    return ask.page("Répondre", f'<form action="/mod/forum/post.php" method="post">{fields}{text}</form>')


def _post(db: Connection, ask: Ask) -> Response:
    """Answer, or take an answer of one's own back; then the discussion."""
    if ask.sent.text("delete"):
        number = ask.sent.number("delete") or 0
        course = ask.site.course(ask.person, ask.reach.classes[0])
        if not chat.take_back(db, ask.person.uai, number, ask.person.login):
            raise Missing
        return answers.to(f"/mod/forum/discuss.php?d={course}")
    course = ask.sent.number("discussion") or ask.sent.number("forum") or 0
    text = _TAG.sub("", ask.sent.text("message[text]", 20_000))
    room = _room(ask, course)
    if not text:
        return answers.document("Erreur", '<p class="errormessage">erroremptymessage</p>', 400)
    person = ask.person
    kept = chat.say(db, ChatMessage(0, person.uai, room, person.login, text, moment.now()))
    return answers.to(f"/mod/forum/discuss.php?d={course}#p{kept.id}")


def _room(ask: Ask, course: int | None) -> str:
    """Where a class's discussion is kept: beside its chat room, not in it. Raises Missing."""
    return f"forum {ask.own_class(course)}"
