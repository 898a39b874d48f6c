"""What was said in the chat rooms: one room a class, and one for the school's staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from entsandbox.state.store.schema import CHAT_MESSAGE

if TYPE_CHECKING:
    from sqlalchemy import Connection


class ChatMessage(NamedTuple):
    """One message in a room."""

    id: int
    uai: str
    room: str
    author: str
    content: str
    at: str


_BEFORE = (
    select(CHAT_MESSAGE)
    .where(
        CHAT_MESSAGE.c.uai == bindparam("school"),
        CHAT_MESSAGE.c.room == bindparam("in_room"),
        CHAT_MESSAGE.c.id < bindparam("before"),
    )
    .order_by(CHAT_MESSAGE.c.id.desc())
    .limit(bindparam("most"))
)
_SINCE = select(CHAT_MESSAGE).where(CHAT_MESSAGE.c.id > bindparam("after")).order_by(CHAT_MESSAGE.c.id).limit(1_000)
_NEWEST = select(func.coalesce(func.max(CHAT_MESSAGE.c.id), 0))
_NO_END = 2**31 - 1


def history(db: Connection, uai: str, room: str, most: int = 50, before: int = _NO_END) -> list[ChatMessage]:
    """The last messages of a room (before one of them), oldest first."""
    values = {"school": uai, "in_room": room, "most": most, "before": before}
    return [ChatMessage._make(row) for row in db.execute(_BEFORE, values)][::-1]


def since(db: Connection, after: int) -> list[ChatMessage]:
    """What has been said in any room after a message, oldest first, at most a thousand."""
    return [ChatMessage._make(row) for row in db.execute(_SINCE, {"after": after})]


def newest(db: Connection) -> int:
    """The number of the last message said anywhere."""
    return int(db.execute(_NEWEST).scalar_one())


def say(db: Connection, message: ChatMessage) -> ChatMessage:
    """Add a message (its `id` is not looked at); as it was kept."""
    values = message._asdict()
    del values["id"]
    key = db.execute(insert(CHAT_MESSAGE).returning(CHAT_MESSAGE.c.id), values).scalar_one()
    return message._replace(id=key)


def take_back(db: Connection, uai: str, number: int, author: str) -> bool:
    """Delete a message of one's own; whether there was one."""
    own = (CHAT_MESSAGE.c.id == number, CHAT_MESSAGE.c.uai == uai, CHAT_MESSAGE.c.author == author)
    return bool(db.execute(delete(CHAT_MESSAGE).where(*own)).rowcount)
