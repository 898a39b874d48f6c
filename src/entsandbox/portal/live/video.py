"""A class's video room: waiting room, signalling, and media of a known bitrate to everyone inside.

The stream is made here, as a mixing server would send it, so what each person receives does not depend on who else
happens to send: bytes = bitrate × seconds × people, which a measurement can be held to.
"""

from __future__ import annotations

import asyncio
import os
import struct
from typing import TYPE_CHECKING, Any

from entsandbox.portal.live.room import Room

if TYPE_CHECKING:
    from entsandbox.live_limits import LiveLimits
    from entsandbox.live_meters import LiveMeters
    from entsandbox.portal.live.member import Member

_NUMBER = struct.Struct("!Q")
_SIGNALS = frozenset({"offer", "answer", "candidate", "hand-up", "mute"})
_LATE_SECONDS = 2.0
_NOISE = os.urandom(1 << 20)  # nothing on the way can compress it


class VideoRoom(Room):
    """Sends a numbered chunk to everyone inside, every so many milliseconds, for as long as somebody is."""

    service = "video-class"

    def __init__(self, uai: str, name: str, limits: LiveLimits, meters: LiveMeters) -> None:
        super().__init__(uai, name, limits, meters)
        self._stream: asyncio.Task[None] | None = None

    def bar(self, member: Member) -> str:
        """A full class, or one without a teacher where one is needed; a teacher always comes in."""
        if member.person.rights == "teacher":
            return ""
        if self.limits.video_needs_teacher and not self._has_teacher():
            return "teacher"
        return "full" if len(self._inside) >= self.limits.video_places else ""

    async def welcome(self, member: Member) -> dict[str, Any]:
        """What will be sent and what may be; the stream begins with the first who comes."""
        if self._stream is None or self._stream.done():
            self._stream = asyncio.create_task(self._send_stream())
        uploads = member.person.rights == "teacher"
        return {
            "receive_kbps": self.limits.video_kbps,
            "send_kbps": self.limits.video_upload_kbps if uploads else 0,
            "chunk_seconds": self.limits.chunk_seconds,
        }

    async def hear(self, member: Member, message: dict[str, Any]) -> bool:
        """Pass a signal on to the person it is for, or to everyone."""
        kind, to = message.get("signal"), message.get("to")
        if message.get("type") != "signal" or kind not in _SIGNALS or not isinstance(to, str | None):
            return False
        signal = {"type": "signal", "signal": kind, "who": member.name, "body": message.get("body")}
        if to is None:
            self.say_to_all(but=member, **signal)
            return True
        other = self.find(to)
        if other is None:
            member.tell(type="refused", reason="absent", to=to)
        else:
            other.tell(**signal)
        return True

    def _has_teacher(self) -> bool:
        return any(member.person.rights == "teacher" for member in self._inside.values())

    async def _send_stream(self) -> None:
        loop, period = asyncio.get_running_loop(), self.limits.chunk_seconds
        length = self.limits.chunk_bytes(self.limits.video_kbps) - _NUMBER.size
        number, due = 0, loop.time()
        while self._inside:
            due += period
            if loop.time() - due > _LATE_SECONDS:
                due = loop.time()
            await asyncio.sleep(max(0.0, due - loop.time()))
            begin = number * 997 % (len(_NOISE) - length)
            chunk = _NUMBER.pack(number) + _NOISE[begin : begin + length]
            for member in self._inside.values():
                if member.inside:
                    member.show(chunk)
            number += 1
