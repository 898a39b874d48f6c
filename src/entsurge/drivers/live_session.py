"""A stay in a live room: messages as they come, heartbeats in between, and what breaks, recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from entsurge.client.failure import ClientError, Closed, OwnLimit, ProtocolBroken
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from entsurge.client.websocket import WebSocket
    from entsurge.visit.live_recorder import LiveRecorder

CLOSED_BY_MEASURE = 4003
SEND_SECONDS = 5.0  # a server that does not read for so long has dropped us
_LEAVE_US = 200_000  # kept for the closing handshake, so that leaving does not make the next page late
_BUSIEST_BEAT_US = 50_000
_MOST = 1e9
NEVER = 2**62


class RoomSession:
    """Chat and video class say what they do with messages and chunks, and when they want a turn."""

    def __init__(self, socket: WebSocket, recorder: LiveRecorder, joined: dict[str, Any]) -> None:
        self.socket, self.recorder = socket, recorder
        self.joined_us = recorder.now_us()
        self._beat_us = max(_BUSIEST_BEAT_US, int(number(joined, "heartbeat_seconds", 15) * 1e6))
        self._beat_due_us, self._beat_sent_us = self.joined_us, 0

    def until(self, due_us: int) -> bool:
        """Live until shortly before this µs of run time, then leave; False when the socket was dropped before."""
        try:
            self._live(due_us - _LEAVE_US)
            self.leaving()
        except Closed as closed:
            on_purpose = closed.code == CLOSED_BY_MEASURE
            self._broken(Outcome.SHED if on_purpose else Outcome.FAILED, f"closed {closed.code}")
            return on_purpose
        except ClientError as error:
            self._broken(Outcome.LOST if isinstance(error, OwnLimit) else Outcome.FAILED, error.reason)
            return False
        else:
            return True
        finally:
            left_us = due_us - self.recorder.now_us()
            self.socket.close(deadline_seconds=max(0.001, min(left_us, _LEAVE_US) / 1e6))

    # -- what a room adds --------------------------------------------------------------------------------------------

    def hear(self, message: dict[str, Any]) -> None:
        """A message has come."""

    def watch(self, chunk: bytes) -> None:
        """A media chunk has come."""

    def turn(self, now_us: int) -> None:
        """It is time for what `next_turn_us` named."""

    def next_turn_us(self) -> int:
        """When the room wants a turn."""
        return NEVER

    def leaving(self) -> None:
        """The stay is over, and nothing broke."""

    # -- how ---------------------------------------------------------------------------------------------------------

    def say(self, **message: Any) -> None:
        """Send a message."""
        self.socket.send(json.dumps(message, ensure_ascii=False), deadline_seconds=SEND_SECONDS)

    def _live(self, end_us: int) -> None:
        while (now_us := self.recorder.now_us()) < end_us:
            if now_us >= self._beat_due_us:
                self._beat(now_us)
            if now_us >= self.next_turn_us():
                self.turn(now_us)
            wake_us = min(end_us, self._beat_due_us, self.next_turn_us())
            self._take(self.socket.receive((wake_us - self.recorder.now_us()) / 1e6))

    def _take(self, found: str | bytes | None) -> None:
        if isinstance(found, bytes):
            self.watch(found)
        elif found is not None:
            message = read(found)
            if message.get("type") == "heartbeat":
                self._answered()
            else:
                self.hear(message)

    def _beat(self, now_us: int) -> None:
        """Send a heartbeat; one that is still without an answer when the next is due has failed."""
        if self._beat_sent_us:
            self.recorder.note("live-heartbeat", now_us - self._beat_sent_us, Outcome.FAILED, "unanswered")
        self.say(type="heartbeat", n=now_us // 1000)
        self._beat_sent_us, self._beat_due_us = now_us, now_us + self._beat_us

    def _answered(self) -> None:
        if self._beat_sent_us:
            self.recorder.note("live-heartbeat", self.recorder.now_us() - self._beat_sent_us)
            self._beat_sent_us = 0

    def _broken(self, outcome: Outcome, reason: str) -> None:
        self.recorder.note("live-socket", self.recorder.now_us() - self.joined_us, outcome, reason)


def read(text: str | bytes) -> dict[str, Any]:
    """A message of the protocol; an empty one for media. Raises ProtocolBroken."""
    if isinstance(text, bytes):
        return {}
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProtocolBroken("a message that is no JSON object")
    return found


def number(message: dict[str, Any], name: str, default: float) -> float:
    """A number above zero, and of this world, that a message tells, or the default."""
    found = message.get(name)
    return float(found) if isinstance(found, int | float) and 0 < found < _MOST else default
