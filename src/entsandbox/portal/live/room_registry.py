"""All live rooms of one process: made when somebody comes, gone with the last one, emptied by measures."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from entsandbox.portal.live.chat import ChatRoom
from entsandbox.portal.live.history import History, told
from entsandbox.portal.live.member import CLOSED_BY_MEASURE
from entsandbox.portal.live.video import VideoRoom
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from entsandbox.live_limits import LiveLimits
    from entsandbox.measures import Measures
    from entsandbox.portal.live.member import Member
    from entsandbox.portal.live.room import Room
    from entsandbox.state.store import Database
    from entsandbox.telemetry import Telemetry

_LOOK_SECONDS = 0.5


class RoomRegistry:
    """The rooms, and one task that looks twice a second after measures and after what other processes heard."""

    def __init__(
        self,
        limits: LiveLimits,
        *,
        database: Database,
        measures: Measures,
        telemetry: Telemetry,
        personas: Iterable[str],
    ) -> None:
        self._limits, self._measures, self._telemetry = limits, measures, telemetry
        self._meters, self._personas = telemetry.live, tuple(personas)
        self._history = History(database)
        self._rooms: dict[tuple[str, str, str], Room] = {}
        self._open = 0
        self._rounds: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether as many sockets are open as may be."""
        return self._open >= self._limits.sockets

    @asynccontextmanager
    async def place(self, member: Member) -> AsyncIterator[Room]:
        """Someone's place in their room (or before it), for as long as the block lasts."""
        room = self._room(member.service, member.person.uai, member.socket.path_params["room"])
        sockets = self._meters.sockets.labels(member.service)
        sockets.inc()
        self._open += 1
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._make_rounds())
        try:
            await self._history.listen()
            await room.enter(member)
            yield room
        finally:
            self._open -= 1
            sockets.dec()
            await room.leave(member)
            if room.empty:
                self._rooms.pop((room.service, room.uai, room.name), None)

    def _room(self, service: str, uai: str, name: str) -> Room:
        room = self._rooms.get((service, uai, name))
        if room is None:
            if service == "chat":
                room = ChatRoom(uai, name, self._limits, self._meters, self._history)
            else:
                room = VideoRoom(uai, name, self._limits, self._meters)
            self._rooms[service, uai, name] = room
        return room

    async def _make_rounds(self) -> None:
        while self._open:
            self._put_out()
            await self._pass_on()
            await asyncio.sleep(_LOOK_SECONDS)

    def _put_out(self) -> None:
        """Put out those whom a measure that has been switched on concerns."""
        measures = self._measures
        refusals = {
            (service, persona): measures.closed(service) or measures.refusal(persona)
            for service in ("chat", "video-class")
            for persona in self._personas
        }
        if not any(refusals.values()):
            return
        for member in [each for room in self._rooms.values() for each in room.members if not each.closing]:
            refusal = refusals[member.service, member.person.persona]
            if refusal is not None:
                self._telemetry.count(f"{member.service} socket", "closed", member.person.persona)
                self._telemetry.effect(refusal.measure, member.person.persona)
                member.tell(type="closed", reason=refusal.text)
                member.put_out(CLOSED_BY_MEASURE, "measure", refusal.text)

    async def _pass_on(self) -> None:
        """Tell the chat rooms here what was said in their like in other processes."""
        try:
            said = await self._history.from_elsewhere()
        except Unavailable:
            return
        for message in said:
            room = self._rooms.get(("chat", message.uai, message.room))
            if room is not None:
                room.say_to_all(type="said", **told(message))
