"""What was said in the chat rooms, for those who come later and for the sandbox's other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsandbox.state.store import chat, moment

if TYPE_CHECKING:
    from entsandbox.state.store import Database
    from entsandbox.state.store.chat import ChatMessage

_REMEMBERED = 10_000


class History:
    """The rooms' messages in the store, as they are told. Its methods raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ours: dict[int, None] = {}  # the newest messages that were said here
        self._seen: int | None = None

    async def latest(self, uai: str, room: str, most: int) -> list[dict[str, Any]]:
        """The last messages of a room, oldest first."""
        return [told(each) for each in await self._database.run(lambda db: chat.history(db, uai, room, most))]

    async def add(self, uai: str, room: str, author: str, text: str) -> dict[str, Any]:
        """Keep a message; as it is told."""
        message = chat.ChatMessage(0, uai, room, author, text, moment.now())
        kept = await self._database.run(lambda db: chat.say(db, message))
        if self._database.shared:
            self._ours[kept.id] = None
            if len(self._ours) > _REMEMBERED:
                del self._ours[next(iter(self._ours))]
        return told(kept)

    async def listen(self) -> None:
        """From now on nothing that is said elsewhere is missed: asked before anybody enters, later calls do nothing."""
        if self._database.shared and self._seen is None:
            newest = await self._database.run(chat.newest)
            self._seen = newest if self._seen is None else self._seen

    async def from_elsewhere(self) -> list[ChatMessage]:
        """What has been said in other processes since this was last asked; nothing where there are none."""
        after = self._seen
        if after is None:
            return []
        found = await self._database.run(lambda db: chat.since(db, after))
        self._seen = found[-1].id if found else after
        return [each for each in found if each.id not in self._ours]


def told(message: ChatMessage) -> dict[str, Any]:
    """A message as people in the room are told it."""
    return {"number": message.id, "who": message.author, "text": message.content, "at": message.at}
