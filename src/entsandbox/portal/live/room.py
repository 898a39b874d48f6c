"""A room: who is in it, who waits before it, and what they hear of each other."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsandbox.live_limits import LiveLimits
    from entsandbox.live_meters import LiveMeters
    from entsandbox.portal.live.member import Member


class Room:
    """One class's room in one service. Chat and video class say what a message means and what joining brings."""

    service: str

    def __init__(self, uai: str, name: str, limits: LiveLimits, meters: LiveMeters) -> None:
        self.uai, self.name, self.limits = uai, name, limits
        self._gauge, self._seconds = meters.waiting.labels(self.service), meters.seconds.labels(self.service)
        self._inside: dict[int, Member] = {}
        self._waiting: OrderedDict[int, Member] = OrderedDict()

    @property
    def empty(self) -> bool:
        """Whether nobody is in it or before it."""
        return not self._inside and not self._waiting

    @property
    def members(self) -> list[Member]:
        """Everyone, those who wait included."""
        return [*self._inside.values(), *self._waiting.values()]

    def bar(self, member: Member) -> str:
        """Why someone may not come in now: `full`, `teacher`, or nothing."""
        raise NotImplementedError

    async def welcome(self, member: Member) -> dict[str, Any]:
        """What someone who comes in is told."""
        raise NotImplementedError

    async def hear(self, member: Member, message: dict[str, Any]) -> bool:
        """Take a message of someone inside; False when it means nothing here."""
        raise NotImplementedError

    async def enter(self, member: Member) -> None:
        """Let someone in, or have them wait."""
        reason = self.bar(member)
        if not reason:
            await self._let_in(member)
            await self._admit()
            return
        self._waiting[id(member)] = member
        self._gauge.inc()
        member.tell(type="waiting", reason=reason, position=len(self._waiting))

    async def leave(self, member: Member) -> None:
        """Someone has gone; the next who wait come in."""
        if self._waiting.pop(id(member), None) is not None:
            self._gauge.dec()
        elif self._inside.pop(id(member), None) is not None:
            member.inside = False
            self._seconds.inc(time.monotonic() - member.came_at)
            self._tell_presence(member, "left")
            await self._admit()

    def say_to_all(self, *, but: Member | None = None, **message: Any) -> None:
        """Send a message to everyone inside."""
        text = json.dumps(message, ensure_ascii=False)
        for member in list(self._inside.values()):
            if member is not but:
                member.tell_text(text)

    def find(self, name: str) -> Member | None:
        """Someone inside, by name."""
        return next((member for member in self._inside.values() if member.name == name), None)

    async def _let_in(self, member: Member) -> None:
        self._inside[id(member)] = member
        member.came_at = time.monotonic()
        member.inside = True  # from here on nothing said is missed; what comes early stands in the history too
        told = await self.welcome(member)
        present, beat = len(self._inside), self.limits.heartbeat_seconds
        member.tell(type="joined", room=self.name, present=present, heartbeat_seconds=beat, **told)
        self._tell_presence(member, "came")

    async def _admit(self) -> None:
        """Let in those who wait, first come first served, as far as they may."""
        for key, member in list(self._waiting.items()):
            if not self.bar(member) and self._waiting.pop(key, None) is not None:
                self._gauge.dec()
                await self._let_in(member)
        for position, member in enumerate(self._waiting.values(), 1):
            member.tell(type="waiting", reason=self.bar(member), position=position)

    def _tell_presence(self, member: Member, state: str) -> None:
        present = len(self._inside)
        self.say_to_all(but=member, type="presence", who=member.name, state=state, present=present)
