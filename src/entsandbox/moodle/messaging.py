"""Moodle's messages, which pages ask for by AJAX, and the events of the dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from entsandbox.moodle import answers
from entsandbox.moodle.endpoint import Endpoint
from entsandbox.sent_form import key_of
from entsandbox.state.store import homework, messages, moment, notifications
from entsandbox.state.store.messages import Communication

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.moodle.endpoint import AjaxMethods, Ask
    from entsandbox.state.store.messages import Participation

_SERVICE = "messages"
_MOST, _DAYS_AHEAD = 51, 14


def endpoints() -> list[Endpoint]:
    """The page, which a script fills."""
    return [Endpoint("GET", "/message/index.php", lambda _, ask: ask.page("Messages", ""), belongs_to=_SERVICE)]


def methods() -> AjaxMethods:
    """What is asked by AJAX."""
    return {
        "core_calendar_get_action_events_by_timesort": Endpoint("GET", "", _events),
        "core_message_get_conversations": Endpoint("GET", "", _conversations, service=_SERVICE),
        "core_message_get_conversation_messages": Endpoint("GET", "", _messages, service=_SERVICE),
        "core_message_send_instant_messages": Endpoint("POST", "", _send, service=_SERVICE),
        "core_message_delete_message": Endpoint("POST", "", _delete, belongs_to=_SERVICE),
    }


def _events(db: Connection, ask: Ask) -> Response:
    """The work that is due next."""
    today = moment.today().isoformat()
    until = moment.day_after(today, _DAYS_AHEAD)
    found = homework.of_classes(db, ask.person.uai, ask.reach.classes, today, until, most=6, reader=ask.person)
    return _data({"events": [{"id": each.id, "name": each.title, "timesort": _seconds(each.due_on)} for each in found]})


def _conversations(db: Connection, ask: Ask) -> Response:
    if not _oneself(ask, "userid"):
        return _refused("nopermission")
    found = messages.folder(db, ask.person.login, most=_MOST)
    return _data({"conversations": [
        {"id": each.communication.id, "name": each.communication.subject, "type": 1,
         "unreadcount": int(each.unread), "members": [_member(ask, each.communication.author)]}
        for each in found
    ]})  # fmt: skip


def _messages(db: Connection, ask: Ask) -> Response:
    key = key_of(str(_argument(ask, "convid"))) or 0
    if not _oneself(ask, "currentuserid") or messages.one(db, ask.person.login, key) is None:
        return _refused("nopermission")
    messages.mark(db, ask.person.login, key, read=True)
    said = messages.participations(db, key, ask.person)
    return _data({"id": key, "members": [], "messages": [_message(ask, each) for each in said]})


def _send(db: Connection, ask: Ask) -> Response:
    """Messages to one person each, a conversation each."""
    given = _argument(ask, "messages")
    wanted = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    answered = []
    for each in wanted:
        to = ask.site.person(key_of(str(each.get("touserid"))))
        if to is None or to.uai != ask.person.uai:
            return _refused("usernotfound")
        person, text = ask.person, str(each.get("text", ""))[:20_000]
        new = Communication(0, person.uai, person.login, text[:60] or "Message", to.login, moment.now())
        later = to.login != person.login and ask.site.updates.kept("participation", person)
        kept, said = messages.send(db, new, text, (to.login,), later=later)
        others = [to.login] if to.login != person.login else []
        notifications.notify(db, others, _SERVICE, kept.subject, f"messagerie/{kept.id}", moment.now())
        answered.append({"msgid": said.id, "errormessage": "", **_message(ask, said)})
    return _data(answered) if answered else _refused("invalidparameter")


def _delete(db: Connection, ask: Ask) -> Response:
    """A message of one's own; with its last the conversation goes."""
    said = messages.one_participation(db, key_of(str(_argument(ask, "messageid"))) or 0, ask.person)
    if said is None or said.author != ask.person.login or not _oneself(ask, "userid"):
        return _refused("cannotdeletemessages")
    messages.unsay(db, said.id)
    if not messages.participations(db, said.communication, ask.person):
        messages.remove(db, said.communication)
    return _data(None)


def _argument(ask: Ask, name: str) -> object:
    return ask.call.get(name) if isinstance(ask.call, dict) else None


def _oneself(ask: Ask, name: str) -> bool:
    return str(_argument(ask, name)) == str(ask.site.user(ask.person))


def _member(ask: Ask, login: str) -> dict[str, Any]:
    person = ask.site.directory.person(login)
    return {"id": ask.site.user(person) if person is not None else 0, "fullname": ask.site.name_of(login)}


def _message(ask: Ask, said: Participation) -> dict[str, Any]:
    person = ask.site.directory.person(said.author)
    author = ask.site.user(person) if person is not None else 0
    return {"id": said.id, "useridfrom": author, "text": said.content, "timecreated": _seconds(said.at)}


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).replace(tzinfo=moment.PARIS).timestamp())


def _data(value: object) -> Response:
    return answers.answered([{"error": False, "data": value}])


def _refused(code: str) -> Response:
    return answers.answered([{"error": True, "exception": {"message": code, "errorcode": code}}])
