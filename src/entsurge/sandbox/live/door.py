"""The door of the live rooms: who may open a socket, what is taken from it, and when it is closed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from entsurge.sandbox.live.chat import ChatRoom
from entsurge.sandbox.live.history import History
from entsurge.sandbox.live.limits import LARGEST_TEXT
from entsurge.sandbox.live.links import Links
from entsurge.sandbox.live.member import (
    CLOSED_BY_MEASURE,
    HEARTBEAT_MISSED,
    SESSION_ENDED,
    TOO_MANY_MESSAGES,
    Member,
    Rate,
)
from entsurge.sandbox.live.video import VideoRoom
from entsurge.sandbox.portal import COOKIE, portal_session, turn_away
from entsurge.sandbox.services import BY_PATH, Service

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from entsurge.population import Person
    from entsurge.sandbox.ent import Ent
    from entsurge.sandbox.live.room import Room

LIVE = frozenset({"chat", "video-class"})
_MISSED = 2.5  # heartbeats, after which a socket is closed
_FRAMES_PER_MINUTE = 1_200
_LOOK_SECONDS = 0.5
_RETRY_SECONDS = "30"
_UNSUPPORTED, _POLICY, _TOO_BIG = 1003, 1008, 1009


class Door:
    """The sockets under `/etab/{uai}/direct`."""

    def __init__(self, ent: Ent) -> None:
        self._ent, self._limits, self._meters = ent, ent.settings.live, ent.telemetry.live
        secret = hmac.digest(ent.admin_token.encode(), b"direct", hashlib.sha256)
        self._links = Links(secret, self._limits.link_seconds)
        self._history = History()
        self._rooms: dict[tuple[str, str, str], Room] = {}
        self._open = 0
        self._watch: asyncio.Task[None] | None = None

    def routes(self) -> list[WebSocketRoute]:
        """What it answers."""
        return [WebSocketRoute("/etab/{uai}/direct/{path}/{room}", self.open)]

    def links(self, person: Person, service: Service) -> list[str]:
        """What a page declares to be live on it for this person."""
        return self._links.of(person, service.name, service.path) if service.name in LIVE else []

    async def open(self, socket: WebSocket) -> None:
        """Serve one socket from its opening to its end."""
        service = BY_PATH.get(socket.path_params["path"])
        if service is None or service.name not in LIVE:
            await socket.send_denial_response(_refusal(404, "unknown"))
            return
        portal = portal_session(self._ent, socket)
        refusal = self._refused(socket, service, portal.person if portal else None)
        if portal is None or refusal is not None:
            await socket.send_denial_response(refusal or _refusal(403, "session"))
            return
        await socket.accept()
        self._ent.telemetry.count(service.name, "ok")
        token = socket.cookies.get(COOKIE, "")
        await self._serve(Member(socket, portal.person, service.name, token, self._meters))

    # -- who may -----------------------------------------------------------------------------------------------------

    def _refused(self, socket: WebSocket, service: Service, person: Person | None) -> Response | None:
        """Why this socket is not opened, as an answer; none when it is."""
        reason, status = "", 403
        if not _same_origin(socket):
            reason = "origin"
        elif person is None:
            reason = "session"
        else:
            reason = self._links.fault(person, service.name, socket.path_params["room"], socket.query_params)
        if reason:
            self._ent.telemetry.count(service.name, "denied")
        elif self._open >= self._limits.sockets:
            reason, status = "full", 429
            self._ent.telemetry.count(service.name, "refused")
        if reason:
            self._meters.refused.labels(service.name, reason).inc()
            return _refusal(status, reason)
        portal = portal_session(self._ent, socket)
        return turn_away(self._ent, portal, service) if portal else None

    # -- what is taken -----------------------------------------------------------------------------------------------

    async def _serve(self, member: Member) -> None:
        room = self._room(member.service, member.person.uai, member.socket.path_params["room"])
        sockets = self._meters.sockets.labels(member.service)
        sockets.inc()
        self._open += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_after_measures())
        delivery = asyncio.create_task(member.deliver())
        try:
            await room.enter(member)
            await self._listen(room, member)
        except WebSocketDisconnect:
            pass
        finally:
            self._open -= 1
            sockets.dec()
            await room.leave(member)
            if room.empty:
                self._rooms.pop((room.service, room.uai, room.name), None)
            await _ended(delivery)

    async def _listen(self, room: Room, member: Member) -> None:
        """Take what comes until the other side goes, is put out, or falls silent."""
        heard = self._meters.messages.labels(member.service, "in")
        frames, silence = Rate(_FRAMES_PER_MINUTE), self._limits.heartbeat_seconds * _MISSED
        while True:
            try:
                async with asyncio.timeout(silence):
                    frame = await member.socket.receive()
            except TimeoutError:
                self._put_out(member, HEARTBEAT_MISSED, "heartbeat", "aucun signe de vie")
                return
            if frame["type"] == "websocket.disconnect":
                return
            if not frames.take():
                self._put_out(member, TOO_MANY_MESSAGES, "flood", "trop de messages")
                return
            if frame.get("bytes") is not None:
                self._media(member, frame["bytes"])
            else:
                heard.inc()
                await self._text(room, member, frame["text"])

    def _media(self, member: Member, chunk: bytes) -> None:
        if member.service == "video-class" and member.inside and member.person.persona == "teacher":
            self._meters.media_in.inc(len(chunk))
        else:
            self._put_out(member, _UNSUPPORTED, "media", "rien de tel ici")

    async def _text(self, room: Room, member: Member, text: str) -> None:
        if len(text) > LARGEST_TEXT:
            self._put_out(member, _TOO_BIG, "too-big", "message trop long")
            return
        message = _read(text)
        if message is None:
            self._put_out(member, _POLICY, "malformed", "message incompris")
        elif message.get("type") == "heartbeat":
            self._beat(member, message)
        elif not member.inside or not await room.hear(member, message):
            member.tell(type="refused", reason="not-understood" if member.inside else "waiting")

    def _beat(self, member: Member, message: dict[str, Any]) -> None:
        """Answer a heartbeat; it keeps the session, and ends with it."""
        if self._ent.sessions.find_portal(member.token) is None:
            self._put_out(member, SESSION_ENDED, "session", "session terminée")
        else:
            number = message.get("n")
            member.tell(type="heartbeat", n=number if isinstance(number, int) else 0)

    def _put_out(self, member: Member, code: int, reason: str, words: str) -> None:
        self._meters.refused.labels(member.service, reason).inc()
        member.close(code, words)

    # -- what ends it ------------------------------------------------------------------------------------------------

    async def _look_after_measures(self) -> None:
        """Put out those whom a measure that has been switched on concerns, within half a second."""
        measures = self._ent.measures
        while self._open:
            for member in [each for room in self._rooms.values() for each in room.members]:
                text = measures.closed(member.service) or measures.refusal(member.person.persona)
                if text:
                    member.tell(type="closed", reason=text)
                    self._put_out(member, CLOSED_BY_MEASURE, "measure", text)
            await asyncio.sleep(_LOOK_SECONDS)

    def _room(self, service: str, uai: str, name: str) -> Room:
        room = self._rooms.get((service, uai, name))
        if room is None:
            if service == "chat":
                room = ChatRoom(uai, name, self._limits, self._meters, self._history)
            else:
                room = VideoRoom(uai, name, self._limits, self._meters)
            self._rooms[service, uai, name] = room
        return room


async def _ended(delivery: asyncio.Task[None]) -> None:
    """Wait a moment for what is still to be sent (a closing), then end the delivery."""
    await asyncio.wait([delivery], timeout=0.2)
    delivery.cancel()


def _same_origin(socket: WebSocket) -> bool:
    """Whether a browser says that the page which asks is ours; others than browsers say nothing."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


def _refusal(status: int, reason: str) -> Response:
    headers = {"retry-after": _RETRY_SECONDS} if status == 429 else {}
    return JSONResponse({"type": "refused", "reason": reason}, status, headers)


def _read(text: str) -> dict[str, Any] | None:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
