"""How a visitor comes into a chat room or a video class: signed link, WebSocket, waiting room.

The page is done when the room is joined: connecting, and waiting before a full room, is the page's own time.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from entsurge.drivers.chat import ChatStay
from entsurge.drivers.driver import ActionSpec
from entsurge.drivers.stay import CLOSED_BY_MEASURE, LiveStay, read
from entsurge.drivers.video import VideoStay
from entsurge.visit import address as addresses
from entsurge.visit.background import Stay, Witness
from entsurge.visit.failure import ClientError, Closed, DeadlinePassed, OwnLimit
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from entsurge.visit.response import Response
    from entsurge.visit.visitor import Visitor
    from entsurge.visit.websocket import WebSocket

ACTIONS: Final = {
    "open-chat": ActionSpec("chat"),
    "say-in-chat": ActionSpec("chat", writes=True),
    "open-video-class": ActionSpec("video-class"),
    "hold-video-class": ActionSpec("video-class", writes=True),
}
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
_LIVE = re.compile(rb"\bdata-live=\"([^\"]*)\"")


class KeptOut(ClientError):
    """Not let in on purpose."""


class StillWaiting(KeptOut):
    """Still in the waiting room when the page's deadline came."""

    reason = "waiting-room"


class ClosedByMeasure(KeptOut):
    """A conservation measure closed the room before it was joined."""

    reason = "closed-by-measure"


class Presence:
    """A visitor's presence in a room: joined at once, and again when the socket is dropped, as a page's script does.

    The pause before coming back doubles from one second to half a minute, spread by half; what was said is not said
    again. `stay` is the present stay.
    """

    def __init__(self, visitor: Visitor, service: str, action: str, page: str, url: str) -> None:
        self._visitor, self._service, self._action, self._page = visitor, service, action, page
        self._url, self._witness = url, Witness(visitor, service, url)
        self.stay: LiveStay | None = self._join(self._witness.now_us() + _microseconds(visitor.stage.deadline_seconds))

    def until(self, due_us: int) -> None:
        """Be there until this µs of run time."""
        pause = FIRST_PAUSE_SECONDS
        while self.stay is None or not self.stay.until(due_us):
            seconds = pause * self._visitor.random.uniform(0.5, 1.5)
            if self._witness.now_us() + _microseconds(seconds) >= due_us:
                return
            self._visitor.pause(seconds)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self.stay = self._come_back(due_us)

    def _come_back(self, due_us: int) -> LiveStay | None:
        """Join again by the same signed link; none when that fails too, which is recorded."""
        self._witness.attempt = "retry"
        ends_us = min(due_us, self._witness.now_us() + _microseconds(self._visitor.stage.deadline_seconds))
        try:
            return self._join(ends_us)
        except ClientError:
            return None

    def _join(self, ends_us: int) -> LiveStay:
        visitor, action, witness = self._visitor, self._action, self._witness
        socket = _opened(visitor, witness, self._url, self._page, ends_us)
        joined = _joined(socket, witness, ends_us)
        writes = ACTIONS[action].writes
        if self._service == "video-class":
            return VideoStay(socket, witness, joined, sends=writes)
        page = self._page

        def kept(number: int) -> None:
            visitor.created(action, f"{page}/{number}")

        speaks = writes and witness.attempt == "first"
        return ChatStay(socket, witness, joined, sentence=visitor.sentence() if speaks else "", kept=kept)


def enter(visitor: Visitor, service: str, action: str, document: Response) -> Stay | None:
    """Join one of the rooms that a page declares; none where it declares none.

    Raises KeptOut, UpgradeRefused (with what the server said instead) or another ClientError.
    """
    declared = _LIVE.search(document.body)
    links = html.unescape(declared[1].decode("utf-8", "replace")).split() if declared else []
    if service not in ("chat", "video-class") or not links:
        return None
    url = addresses.joined(document.url, visitor.random.choice(links))
    return Presence(visitor, service, action, document.url, url)


def _microseconds(seconds: float) -> int:
    return int(seconds * 1e6)


def _opened(visitor: Visitor, witness: Witness, url: str, page: str, ends_us: int) -> WebSocket:
    parts, began_us = urlsplit(page), witness.now_us()
    seconds = (ends_us - began_us) / 1e6
    try:
        found = visitor.client.websocket(
            url, headers={"Origin": f"{parts.scheme}://{parts.netloc}"}, deadline_seconds=seconds
        )
    except ClientError as error:
        outcome = Outcome.LOST if isinstance(error, OwnLimit) else Outcome.FAILED
        witness.note("live-connect", witness.now_us() - began_us, outcome, error.reason)
        raise
    witness.note("live-connect", witness.now_us() - began_us)
    return found


def _joined(socket: WebSocket, witness: Witness, ends_us: int) -> dict[str, Any]:
    """What the room tells who has come in; a waiting room is waited in until the deadline."""
    began_us = witness.now_us()
    try:
        message = _told(socket, witness, ends_us)
    except ClientError as error:
        outcome = Outcome.SHED if isinstance(error, KeptOut) else Outcome.FAILED
        witness.note("live-join", witness.now_us() - began_us, outcome, error.reason)
        socket.close()
        raise
    witness.note("live-join", witness.now_us() - began_us)
    return message


def _told(socket: WebSocket, witness: Witness, ends_us: int) -> dict[str, Any]:
    waited = False
    try:
        while True:
            text = socket.receive((ends_us - witness.now_us()) / 1e6)
            if text is None:
                raise StillWaiting("no place came free") if waited else DeadlinePassed("nothing was said of joining")
            message = read(text)
            if message.get("type") == "joined":
                return message
            waited |= message.get("type") == "waiting"
    except Closed as closed:
        raise ClosedByMeasure(closed.words) if closed.code == CLOSED_BY_MEASURE else closed from None
