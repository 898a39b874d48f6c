"""What is taken from one socket: heartbeats, messages for its room, media; within bounds, and not for ever."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from entsandbox.live_limits import LARGEST_TEXT
from entsandbox.portal.live.member import HEARTBEAT_MISSED, SESSION_ENDED, TOO_MANY_MESSAGES, Rate
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from entsandbox.live_limits import LiveLimits
    from entsandbox.portal.live.member import Member
    from entsandbox.portal.live.room import Room
    from entsandbox.state import Sessions

MISSED = 2.5  # heartbeats, after which a socket is closed
_TEXTS_PER_MINUTE = 600  # beside twice as many media chunks as there should be
_UNSUPPORTED, _POLICY, _TOO_BIG = 1003, 1008, 1009


async def listen(room: Room, member: Member, limits: LiveLimits, *, sessions: Sessions) -> None:
    """Take what comes until the other side goes, is put out, or falls silent."""
    frames, silence = Rate(_TEXTS_PER_MINUTE + 2 * 60 / limits.chunk_seconds), limits.heartbeat_seconds * MISSED
    while not member.closing:
        try:
            async with asyncio.timeout(silence):
                frame = await member.socket.receive()
        except TimeoutError:
            member.put_out(HEARTBEAT_MISSED, "heartbeat", "aucun signe de vie")
            return
        if frame["type"] == "websocket.disconnect":
            return
        if not frames.take():
            member.put_out(TOO_MANY_MESSAGES, "flood", "trop de messages")
        elif frame.get("bytes") is not None:
            _media(member, frame["bytes"])
        else:
            await _text(room, member, frame["text"], sessions)


def _media(member: Member, chunk: bytes) -> None:
    """A teacher's own picture and voice, which the mix stands for; nobody else sends any."""
    if member.service == "video-class" and member.inside and member.person.rights == "teacher":
        member.meters.media_in.inc(len(chunk))
    else:
        member.put_out(_UNSUPPORTED, "media", "rien de tel ici")


async def _text(room: Room, member: Member, text: str, sessions: Sessions) -> None:
    member.meters.messages.labels(member.service, "in").inc()
    if len(text) > LARGEST_TEXT:
        member.put_out(_TOO_BIG, "too-big", "message trop long")
        return
    message = _read(text)
    if message is None:
        member.put_out(_POLICY, "malformed", "message incompris")
    elif message.get("type") == "heartbeat":
        await _beat(member, message, sessions)
    elif not member.inside or not await room.hear(member, message):
        member.tell(type="refused", reason="not-understood" if member.inside else "waiting")


async def _beat(member: Member, message: dict[str, Any], sessions: Sessions) -> None:
    """Answer a heartbeat; it keeps the session, and ends with it."""
    try:
        known = await sessions.find_portal(member.token)
    except Unavailable:
        return  # unanswered: the other side counts it as missed
    if known is None:
        member.put_out(SESSION_ENDED, "session", "session terminée")
        return
    number = message.get("n")
    member.tell(type="heartbeat", n=number if isinstance(number, int) else 0)


def _read(text: str) -> dict[str, Any] | None:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
