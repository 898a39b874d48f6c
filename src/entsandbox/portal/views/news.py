"""The school's news; staff publish them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views.view import Article, Asked, Denied, Field, Form, Item, Section, View, Written, day
from entsandbox.state.store import moment, news
from entsandbox.state.store.news import News

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent

PATH = "actualites"


def read(db: Connection, asked: Asked) -> View | None:
    """The latest news, or one piece of them."""
    if asked.key is not None:
        found = news.one(db, asked.person.uai, asked.key, reader=asked.person)
        return _one(found) if found is not None else None
    items = [
        Item(each.title, asked.link(f"{PATH}/{each.id}"), day(each.at))
        for each in news.latest(db, asked.person.uai, reader=asked.person)
    ]
    form = Form(PATH, (Field("titre"), Field("contenu", "textarea")), "Publier")
    return View([Section(items)], forms=(form,) if asked.person.rights == "staff" else ())


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Publish news: staff's business."""
    if asked.person.rights != "staff":
        raise Denied
    title, content = sent.text("titre") or "Sans titre", sent.text("contenu", 20_000)
    found = news.publish(db, News(0, asked.person.uai, title, content, asked.person.login, moment.now()))
    kept = asked.campus.updates.keep(db, "news", found.id, asked.person)
    return Written(_one(found), f"{PATH}/{found.id}", kept)


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete news that one published; none when there are no such news."""
    found = news.one(db, asked.person.uai, asked.key or 0, reader=asked.person)
    if found is None:
        return None
    if found.author != asked.person.login:
        return False
    news.remove(db, found.id)
    return True


def _one(found: News) -> View:
    return View(article=Article(found.id, found.title, (found.content,), f"{found.author}, {day(found.at)}"))
