"""How a visitor comes into a chat room or a video class: signed link, WebSocket, waiting room.

The page is done when the room is joined: connecting, and waiting before a full room, is the page's own time.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from entsurge.drivers.chat import ChatStay
from entsurge.drivers.driver import ActionSpec
from entsurge.drivers.stay import CLOSED_BY_MEASURE, read
from entsurge.drivers.video import VideoStay
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
_LIVE = re.compile(rb"\bdata-live=\"([^\"]*)\"")


class KeptOut(ClientError):
    """Not let in on purpose."""


class StillWaiting(KeptOut):
    """Still in the waiting room when the page's deadline came."""

    reason = "waiting-room"


class ClosedByMeasure(KeptOut):
    """A conservation measure closed the room before it was joined."""

    reason = "closed-by-measure"


def enter(visitor: Visitor, service: str, action: str, document: Response) -> Stay | None:
    """Join one of the rooms that a page declares; none where it declares none.

    Raises KeptOut, UpgradeRefused (with what the server said instead) or another ClientError.
    """
    declared = _LIVE.search(document.body)
    links = html.unescape(declared[1].decode()).split() if declared else []
    if service not in ("chat", "video-class") or not links:
        return None
    url = urljoin(document.url, visitor.random.choice(links))
    witness = Witness(visitor, service, url)
    ends_us = witness.now_us() + int(visitor.stage.deadline_seconds * 1e6)
    socket = _opened(visitor, witness, url, ends_us)
    joined = _joined(socket, witness, ends_us)
    writes = ACTIONS[action].writes
    if service == "video-class":
        return VideoStay(socket, witness, joined, sends=writes)

    def kept(number: int) -> None:
        visitor.created(action, f"{document.url}/{number}")

    return ChatStay(socket, witness, joined, sentence=visitor.sentence() if writes else "", kept=kept)


def _opened(visitor: Visitor, witness: Witness, url: str, ends_us: int) -> WebSocket:
    parts, began_us = urlsplit(url), witness.now_us()
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
    waited, began_us = False, witness.now_us()
    try:
        while True:
            text = socket.receive((ends_us - witness.now_us()) / 1e6)
            if text is None:
                raise StillWaiting("no place came free") if waited else DeadlinePassed("nothing was said of joining")
            message = read(text)
            if message.get("type") == "joined":
                witness.note("live-join", witness.now_us() - began_us)
                return message
            waited |= message.get("type") == "waiting"
    except Closed as closed:
        raise ClosedByMeasure(closed.words) if closed.code == CLOSED_BY_MEASURE else closed from None
    except ClientError:
        socket.close()
        raise
