"""How a visitor comes into a chat room or a video class: signed link, WebSocket, waiting room.

The page is done when the room is joined: connecting, and waiting before a full room, is the page's own time.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from entsurge.client import url as urls
from entsurge.client.failure import ClientError, Closed, DeadlinePassed, OwnLimit
from entsurge.drivers.chat import ChatSession
from entsurge.drivers.live_session import CLOSED_BY_MEASURE, RoomSession, read
from entsurge.drivers.video import VideoSession
from entsurge.visit.driver import ActionSpec
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from entsurge.client.response import Response
    from entsurge.client.websocket import WebSocket
    from entsurge.visit.live_recorder import LiveRecorder, LiveSession
    from entsurge.visit.session import Session

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
    again. `room` is the present one.
    """

    def __init__(self, session: Session, service: str, action: str, page: str, url: str) -> None:
        self._session, self._service, self._action, self._page = session, service, action, page
        self._url, self._recorder = url, session.live_recorder(service, url)
        self.room: RoomSession | None = self._join(self._recorder.now_us() + _microseconds(session.deadline_seconds))

    def until(self, due_us: int) -> None:
        """Be there until this µs of run time."""
        pause = FIRST_PAUSE_SECONDS
        while self.room is None or not self.room.until(due_us):
            seconds = pause * self._session.random.uniform(0.5, 1.5)
            if self._recorder.now_us() + _microseconds(seconds) >= due_us:
                return
            self._session.pause(seconds)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self.room = self._come_back(due_us)

    def _come_back(self, due_us: int) -> RoomSession | None:
        """Join again by the same signed link; none when that fails too, which is recorded."""
        self._recorder.attempt = "retry"
        ends_us = min(due_us, self._recorder.now_us() + _microseconds(self._session.deadline_seconds))
        try:
            return self._join(ends_us)
        except ClientError:
            return None

    def _join(self, ends_us: int) -> RoomSession:
        session, action, recorder = self._session, self._action, self._recorder
        socket = _opened(session, recorder, self._url, self._page, ends_us)
        joined = _joined(socket, recorder, ends_us)
        writes = ACTIONS[action].writes
        if self._service == "video-class":
            return VideoSession(socket, recorder, joined, sends=writes)
        page = self._page

        def kept(number: int) -> None:
            session.created(action, f"{page}/{number}")

        speaks = writes and recorder.attempt == "first"
        return ChatSession(socket, recorder, joined, sentence=session.sentence() if speaks else "", kept=kept)


def enter(session: Session, service: str, action: str, document: Response) -> LiveSession | None:
    """Join one of the rooms that a page declares; none where it declares none.

    Raises KeptOut, UpgradeRefused (with what the server said instead) or another ClientError.
    """
    if service not in ("chat", "video-class"):
        return None
    declared = _LIVE.search(document.body)
    links = html.unescape(declared[1].decode("utf-8", "replace")).split() if declared else []
    if not links:
        return None
    url = urls.joined(document.url, session.random.choice(links))
    return Presence(session, service, action, document.url, url)


def _microseconds(seconds: float) -> int:
    return int(seconds * 1e6)


def _opened(session: Session, recorder: LiveRecorder, url: str, page: str, ends_us: int) -> WebSocket:
    parts, began_us = urlsplit(page), recorder.now_us()
    seconds = (ends_us - began_us) / 1e6
    try:
        found = session.websocket(url, headers={"Origin": f"{parts.scheme}://{parts.netloc}"}, deadline_seconds=seconds)
    except ClientError as error:
        outcome = Outcome.LOST if isinstance(error, OwnLimit) else Outcome.FAILED
        recorder.note("live-connect", recorder.now_us() - began_us, outcome, error.reason)
        raise
    recorder.note("live-connect", recorder.now_us() - began_us)
    return found


def _joined(socket: WebSocket, recorder: LiveRecorder, ends_us: int) -> dict[str, Any]:
    """What the room tells who has come in; a waiting room is waited in until the deadline."""
    began_us = recorder.now_us()
    try:
        message = _told(socket, recorder, ends_us)
    except ClientError as error:
        outcome = Outcome.SHED if isinstance(error, KeptOut) else Outcome.FAILED
        recorder.note("live-join", recorder.now_us() - began_us, outcome, error.reason)
        socket.close()
        raise
    recorder.note("live-join", recorder.now_us() - began_us)
    return message


def _told(socket: WebSocket, recorder: LiveRecorder, ends_us: int) -> dict[str, Any]:
    waited = False
    try:
        while True:
            text = socket.receive((ends_us - recorder.now_us()) / 1e6)
            if text is None:
                raise StillWaiting("no place came free") if waited else DeadlinePassed("nothing was said of joining")
            message = read(text)
            if message.get("type") == "joined":
                return message
            waited |= message.get("type") == "waiting"
    except Closed as closed:
        raise ClosedByMeasure(closed.words) if closed.code == CLOSED_BY_MEASURE else closed from None
