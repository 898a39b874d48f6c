"""A class's chat room: what was said is kept, what is said reaches everyone in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsandbox.portal.live.member import TOO_MANY_MESSAGES, Member, Rate
from entsandbox.portal.live.room import Room
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from entsandbox.live_limits import LiveLimits
    from entsandbox.live_meters import LiveMeters
    from entsandbox.portal.live.history import History

_PATIENCE = 20  # messages over the rate, after which the socket is closed


class ChatRoom(Room):
    """Says `said` to everyone, the writer included, whose own copy bears the `id` that they gave it."""

    service = "chat"

    def __init__(self, uai: str, name: str, limits: LiveLimits, meters: LiveMeters, history: History) -> None:
        super().__init__(uai, name, limits, meters)
        self._history = history
        self._over: dict[int, int] = {}

    def bar(self, member: Member) -> str:
        """A full room."""
        del member
        return "full" if len(self._inside) >= self.limits.chat_places else ""

    async def welcome(self, member: Member) -> dict[str, Any]:
        """The last messages, oldest first."""
        member.rate = Rate(self.limits.chat_messages_per_minute)
        try:
            kept = await self._history.latest(self.uai, self.name, self.limits.chat_history)
        except Unavailable:
            return {"history": [], "unavailable": True}
        return {"history": kept}

    async def leave(self, member: Member) -> None:
        """Someone has gone."""
        self._over.pop(id(member), None)
        await super().leave(member)

    async def hear(self, member: Member, message: dict[str, Any]) -> bool:
        """Keep what is said and pass it on; what is too long or too much is refused, to the writer alone."""
        text = message.get("text")
        if message.get("type") != "say" or not isinstance(text, str) or not text.strip():
            return False
        given = str(message.get("id", ""))[:64]
        if len(text) > self.limits.chat_characters:
            member.tell(type="refused", id=given, reason="too-long", most=self.limits.chat_characters)
        elif member.rate is None or not member.rate.take():
            self._too_fast(member, given)
        else:
            await self._keep(member, given, text)
        return True

    async def _keep(self, member: Member, given: str, text: str) -> None:
        try:
            kept = await self._history.add(self.uai, self.name, member.name, text)
        except Unavailable:
            member.tell(type="refused", id=given, reason="unavailable")
            return
        self.say_to_all(but=member, type="said", **kept)
        member.tell(type="said", id=given, **kept)

    def _too_fast(self, member: Member, given: str) -> None:
        self._over[id(member)] = self._over.get(id(member), 0) + 1
        if self._over[id(member)] > _PATIENCE:
            member.put_out(TOO_MANY_MESSAGES, "flood", "trop de messages")
        else:
            member.tell(type="refused", id=given, reason="too-fast", per_minute=self.limits.chat_messages_per_minute)
