"""A stay in a video class: media comes at the bitrate that the class tells, and must keep coming.

Five seconds of stream are one request: `ok` when at least four fifths of the bytes owed have come, its time the longest
silence within. Bitrate and seconds are real ones, whatever the compression.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from entsurge.drivers.live_session import NEVER, SEND_SECONDS, RoomSession, number
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from entsurge.client.websocket import WebSocket
    from entsurge.visit.live_recorder import LiveRecorder

WINDOW_US = 5_000_000
ENOUGH = 0.8
_WORTH_JUDGING_US = 1_000_000
_SHORTEST_CHUNK_US = 10_000
_LATE_US = 2_000_000
_PICTURE = os.urandom(64 * 1024)  # nothing on the way can compress it


class VideoSession(RoomSession):
    """Watches; `sends`: also sends one's own picture and voice, as the class asks of its teacher."""

    def __init__(self, socket: WebSocket, recorder: LiveRecorder, joined: dict[str, Any], *, sends: bool) -> None:
        super().__init__(socket, recorder, joined)
        self.media_bytes = 0
        self._bytes_per_us = number(joined, "receive_kbps", 0) / 8e3
        self._chunk_us = max(_SHORTEST_CHUNK_US, int(number(joined, "chunk_seconds", 0.25) * 1e6))
        kbps = number(joined, "send_kbps", 0) if sends else 0
        self._picture = _PICTURE[: int(kbps / 8e3 * self._chunk_us)]
        self._send_due_us = self.joined_us if self._picture else NEVER
        self._window_us = self._heard_us = self.joined_us
        self._window_bytes = self._silence_us = 0

    def next_turn_us(self) -> int:
        """When to send the next picture, or to look at what has come."""
        return min(self._send_due_us, self._window_us + WINDOW_US)

    def turn(self, now_us: int) -> None:
        """Send a picture; judge five seconds."""
        if now_us >= self._send_due_us:
            self.socket.send(self._picture, deadline_seconds=SEND_SECONDS)
            behind = now_us - self._send_due_us > _LATE_US
            self._send_due_us = self._chunk_us + (now_us if behind else self._send_due_us)
        if now_us >= self._window_us + WINDOW_US:
            self._judge(now_us)

    def watch(self, chunk: bytes) -> None:
        """A chunk has come; the first one begins the stream."""
        now_us = self.recorder.now_us()
        if not self.media_bytes:
            self.recorder.note("live-first-media", now_us - self.joined_us)
            self._window_us = now_us
        else:
            self._silence_us = max(self._silence_us, now_us - self._heard_us)
            self._window_bytes += len(chunk)
        self._heard_us = now_us
        self.media_bytes += len(chunk)

    def leaving(self) -> None:
        """The last seconds count too, if there are enough of them to say anything."""
        now_us = self.recorder.now_us()
        if now_us - self._window_us >= max(_WORTH_JUDGING_US, 4 * self._chunk_us):
            self._judge(now_us)

    def _judge(self, now_us: int) -> None:
        """Note one stretch of stream; one chunk may still be on its way."""
        length_us, self._window_us = now_us - self._window_us, now_us
        owed = ENOUGH * self._bytes_per_us * max(0, length_us - self._chunk_us)
        silence_us = max(self._silence_us, now_us - self._heard_us)
        came, self._window_bytes, self._silence_us = self._window_bytes, 0, 0
        if not self.media_bytes:
            self.recorder.note("live-first-media", now_us - self.joined_us, Outcome.FAILED, "no media")
        elif came >= owed:
            self.recorder.note("live-media", silence_us)
        else:
            self.recorder.note("live-media", silence_us, Outcome.FAILED, "starved" if came else "stalled")
