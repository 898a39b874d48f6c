"""Messages: communications, what was said in them, and the mailboxes that they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from sqlalchemy import bindparam, delete, func, insert, select, update

from entsandbox.state.store import held
from entsandbox.state.store.schema import COMMUNICATION, PARTICIPATION, RECIPIENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person

Folder = Literal["inbox", "sent", "drafts", "trash"]
FOLDERS: tuple[Folder, ...] = get_args(Folder)
_HELD = "held"  # where a letter lies in the mailboxes of those who do not have it yet


class Communication(NamedTuple):
    """A conversation; `audience` is what was addressed: a login, a class, or parents:<class>."""

    id: int
    uai: str
    author: str
    subject: str
    audience: str
    last_at: str


class Letter(NamedTuple):
    """A communication as it lies in one mailbox."""

    communication: Communication
    folder: str
    unread: bool


class Participation(NamedTuple):
    """One thing said in a communication; its files are attachments."""

    id: int
    communication: int
    author: str
    content: str
    at: str


_MINE = (RECIPIENT.c.communication == COMMUNICATION.c.id) & (RECIPIENT.c.login == bindparam("login"))
_LETTERS = select(COMMUNICATION, RECIPIENT.c.folder, RECIPIENT.c.unread).where(_MINE)
_FOLDER = (
    _LETTERS.where(RECIPIENT.c.folder == bindparam("box"))
    .order_by(RECIPIENT.c.last_at.desc(), RECIPIENT.c.communication.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
_ONE = _LETTERS.where(COMMUNICATION.c.id == bindparam("key"), RECIPIENT.c.folder != _HELD)
_COUNTS = (
    select(RECIPIENT.c.folder, func.count(), func.sum(RECIPIENT.c.unread.cast(PARTICIPATION.c.id.type)))
    .where(RECIPIENT.c.login == bindparam("login"))
    .group_by(RECIPIENT.c.folder)
)
_UNREAD = (
    select(func.count())
    .select_from(RECIPIENT)
    .where(RECIPIENT.c.login == bindparam("login"), RECIPIENT.c.folder == "inbox", RECIPIENT.c.unread)
)
_SAID = (
    select(PARTICIPATION)
    .where(PARTICIPATION.c.communication == bindparam("key"), held.shown("participation", PARTICIPATION.c.id))
    .order_by(PARTICIPATION.c.id)
)
_ONE_SAID = select(PARTICIPATION).where(
    PARTICIPATION.c.id == bindparam("key"), held.shown("participation", PARTICIPATION.c.id)
)
_WHO = select(RECIPIENT.c.login).where(RECIPIENT.c.communication == bindparam("key")).order_by(RECIPIENT.c.login)
_OWN = (RECIPIENT.c.communication == bindparam("key")) & (RECIPIENT.c.login == bindparam("who"))


def folder(db: Connection, login: str, box: Folder = "inbox", most: int = 20, skip: int = 0) -> list[Letter]:
    """What lies in a folder, the last that moved first."""
    values = {"login": login, "box": box, "most": most, "skip": skip}
    return [_letter(row) for row in db.execute(_FOLDER, values)]


def one(db: Connection, login: str, key: int) -> Letter | None:
    """A communication as it lies in someone's mailbox; none when it does not lie there."""
    row = db.execute(_ONE, {"login": login, "key": key}).first()
    return _letter(row) if row is not None else None


def counts(db: Connection, login: str) -> dict[str, tuple[int, int]]:
    """How many communications lie in each folder, and how many of them are unread."""
    found = {row[0]: (int(row[1]), int(row[2] or 0)) for row in db.execute(_COUNTS, {"login": login})}
    return {box: found.get(box, (0, 0)) for box in FOLDERS}


def unread(db: Connection, login: str) -> int:
    """How many unread communications lie in the inbox."""
    return int(db.execute(_UNREAD, {"login": login}).scalar_one())


def participations(db: Connection, key: int, reader: Person) -> list[Participation]:
    """What was said in a communication as far as its reader has it, in order."""
    return [Participation._make(row) for row in db.execute(_SAID, {"key": key, **held.as_read_by(reader)})]


def participants(db: Connection, key: int) -> list[str]:
    """In whose mailboxes a communication lies."""
    return list(db.execute(_WHO, {"key": key}).scalars())


def one_participation(db: Connection, key: int, reader: Person) -> Participation | None:
    """One thing said; none when there is none, or its reader does not have it yet."""
    row = db.execute(_ONE_SAID, {"key": key, **held.as_read_by(reader)}).first()
    return Participation._make(row) if row is not None else None


def send(
    db: Connection, communication: Communication, content: str, recipients: Iterable[str], *, later: bool = False
) -> tuple[Communication, Participation]:
    """Send a new communication (its `id` is not looked at), `later` if it rests; without recipients it is a draft."""
    values = communication._asdict()
    del values["id"]
    key = db.execute(insert(COMMUNICATION).returning(COMMUNICATION.c.id), values).scalar_one()
    sent = communication._replace(id=key)
    said = _say(db, key, sent.author, content, sent.last_at)
    others = [login for login in dict.fromkeys(recipients) if login != sent.author]
    common = {"communication": key, "last_at": sent.last_at}
    rows = [{"login": login, "folder": _arrival(later=later), "unread": True, **common} for login in others]
    own = {"login": sent.author, "folder": "sent" if others else "drafts", "unread": False, **common}
    db.execute(insert(RECIPIENT), [own, *rows])
    return sent, said


def deliver(db: Connection, draft: Communication, recipients: Iterable[str], at: str, *, later: bool = False) -> None:
    """Send a draft to the mailboxes of its recipients; one that was sent already goes to those who lack it."""
    lies_in = set(participants(db, draft.id))
    common = {"communication": draft.id, "last_at": at}
    others = [login for login in dict.fromkeys(recipients) if login not in lies_in]
    rows = [{"login": login, "folder": _arrival(later=later), "unread": True, **common} for login in others]
    if rows:
        db.execute(insert(RECIPIENT), rows)
    db.execute(update(RECIPIENT).where(_OWN), {"who": draft.author, "key": draft.id, "folder": "sent", "last_at": at})


def forget(db: Connection, login: str, key: int) -> None:
    """Take a communication out of one mailbox; it goes with the last."""
    db.execute(delete(RECIPIENT).where(RECIPIENT.c.communication == key, RECIPIENT.c.login == login))
    if not participants(db, key):
        remove(db, key)


def reply(db: Connection, key: int, author: str, content: str, at: str, *, later: bool = False) -> Participation:
    """Answer in a communication: unread again for everyone else, back in the inbox of who had thrown it away.

    `later` leaves it to `arrive`: until then it is its author's alone.
    """
    said = _say(db, key, author, content, at)
    if later:
        held.hold(db, "participation", said.id, author)
    else:
        _put_in_mailboxes(db, said, at)
    return said


def arrive(db: Connection, at: str) -> None:
    """Put everything that rests into the mailboxes of those who lack it, as of now."""
    for key in held.keys(db, "participation"):
        row = db.execute(select(PARTICIPATION).where(PARTICIPATION.c.id == key)).first()
        if row is not None:
            _put_in_mailboxes(db, Participation._make(row), at)
    db.execute(update(RECIPIENT).where(RECIPIENT.c.folder == _HELD), {"folder": "inbox", "last_at": at})


def mark(db: Connection, login: str, key: int, *, read: bool) -> None:
    """Mark a communication as read or unread in one mailbox."""
    db.execute(update(RECIPIENT).where(_OWN), {"who": login, "key": key, "unread": not read})


def move(db: Connection, login: str, keys: Sequence[int], box: Folder) -> None:
    """Put communications into another folder of one mailbox."""
    for key in keys:
        db.execute(update(RECIPIENT).where(_OWN), {"who": login, "key": key, "folder": box})


def remove(db: Connection, key: int) -> None:
    """Delete a communication from every mailbox."""
    db.execute(delete(RECIPIENT).where(RECIPIENT.c.communication == key))
    db.execute(delete(PARTICIPATION).where(PARTICIPATION.c.communication == key))
    db.execute(delete(COMMUNICATION).where(COMMUNICATION.c.id == key))


def unsay(db: Connection, participation: int) -> None:
    """Delete one thing said."""
    db.execute(delete(PARTICIPATION).where(PARTICIPATION.c.id == participation))


def _arrival(*, later: bool) -> str:
    return _HELD if later else "inbox"


def _put_in_mailboxes(db: Connection, said: Participation, at: str) -> None:
    db.execute(update(COMMUNICATION).where(COMMUNICATION.c.id == said.communication), {"last_at": at})
    everyone = update(RECIPIENT).where(RECIPIENT.c.communication == said.communication)
    db.execute(everyone, {"last_at": at})
    db.execute(everyone.where(RECIPIENT.c.login != said.author), {"unread": True, "folder": "inbox"})


def _say(db: Connection, key: int, author: str, content: str, at: str) -> Participation:
    values = {"communication": key, "author": author, "content": content, "at": at}
    number = db.execute(insert(PARTICIPATION).returning(PARTICIPATION.c.id), values).scalar_one()
    return Participation(number, key, author, content, at)


def _letter(row: Sequence[object]) -> Letter:
    *communication, box, is_unread = row
    return Letter(Communication._make(communication), str(box), bool(is_unread))
