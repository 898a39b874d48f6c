"""A stay in a chat room: what was said is read on joining; one sentence perhaps; the others are heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.drivers.live_session import NEVER, RoomSession, number
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.websocket import WebSocket
    from entsurge.visit.live_recorder import LiveRecorder

ANSWER_US = 5_000_000
_WORTH_JUDGING_US = 1_000_000


class ChatSession(RoomSession):
    """Says its sentence after a third of the page's gap; its time is that until its own copy comes back.

    One sentence a page, however long the gap: compression shortens gaps, and what is said per visit stays. `kept` is
    told under which number the room keeps it.
    """

    def __init__(
        self,
        socket: WebSocket,
        recorder: LiveRecorder,
        joined: dict[str, Any],
        *,
        sentence: str,
        kept: Callable[[int], None],
    ) -> None:
        super().__init__(socket, recorder, joined)
        self.heard = 0
        self._sentence, self._kept = sentence, kept
        self._say_us, self._said_us = NEVER, 0

    def until(self, due_us: int) -> bool:
        """Live in the room until then."""
        if self._sentence:
            self._say_us = self.joined_us + max(0, due_us - self.joined_us) // 3
        return super().until(due_us)

    def next_turn_us(self) -> int:
        """When to speak, or to give up waiting for one's own words."""
        return self._said_us + ANSWER_US if self._said_us else self._say_us

    def turn(self, now_us: int) -> None:
        """Speak; or note that what was said did not come back."""
        if self._said_us:
            self._came_to(Outcome.FAILED, "unanswered")
            return
        self._said_us, self._say_us = now_us, NEVER
        self.say(type="say", id="1", text=self._sentence)

    def hear(self, message: dict[str, Any]) -> None:
        """Others' words are counted; one's own come back, or are refused."""
        kind, mine = message.get("type"), message.get("id") == "1"
        if kind == "said" and mine:
            self._kept(int(number(message, "number", 0)))
            if self._said_us:
                self._came_to(Outcome.OK)
        elif kind == "said":
            self.heard += 1
        elif kind == "refused" and mine and self._said_us:
            reason = str(message.get("reason"))
            self._came_to(Outcome.SHED if reason == "too-fast" else Outcome.FAILED, reason)

    def leaving(self) -> None:
        """What was said a second ago or more should have come back."""
        if self._said_us and self.recorder.now_us() - self._said_us >= _WORTH_JUDGING_US:
            self._came_to(Outcome.FAILED, "unanswered")

    def _came_to(self, outcome: Outcome, reason: str = "") -> None:
        self.recorder.note("live-message", self.recorder.now_us() - self._said_us, outcome, reason)
        self._said_us = 0
