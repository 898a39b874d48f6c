"""The door of the live rooms: who may open a socket, and until when it stays open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from entsandbox.portal.live.listening import listen
from entsandbox.portal.live.member import Member
from entsandbox.portal.read_routes import COOKIE, portal_session
from entsandbox.services import BY_PATH, Service
from entsandbox.state.store import Unavailable

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from entsandbox.live_limits import LiveLimits
    from entsandbox.load.page_service import PageService
    from entsandbox.portal.live.links import Links
    from entsandbox.portal.live.room_registry import RoomRegistry
    from entsandbox.state import PortalSession, Sessions

LIVE = frozenset({"chat", "video-class"})
_RETRY_SECONDS = "30"
_LAST_WORDS_SECONDS = 0.5


class WsEndpoint:
    """The sockets under `/etab/{uai}/direct`."""

    def __init__(
        self, rooms: RoomRegistry, pages: PageService, *, sessions: Sessions, links: Links, limits: LiveLimits
    ) -> None:
        self._rooms, self._pages, self._sessions, self._links, self._limits = rooms, pages, sessions, links, limits
        self._meters = pages.telemetry.live

    def routes(self) -> list[WebSocketRoute]:
        """What it answers."""
        return [WebSocketRoute("/etab/{uai}/direct/{path}/{room}", self.open)]

    async def open(self, socket: WebSocket) -> None:
        """Serve one socket from its opening to its end, or say in HTTP why not."""
        service = BY_PATH.get(socket.path_params["path"])
        if service is None or service.name not in LIVE:
            await socket.send_denial_response(_refusal(404, "unknown"))
            return
        try:
            portal = await portal_session(self._sessions, socket)
        except Unavailable:
            await socket.send_denial_response(_refusal(503, "unavailable"))
            return
        reason = self._reason(socket, service, portal)
        if portal is None or reason:
            await socket.send_denial_response(self._refused(service, reason))
            return
        measures, persona = self._pages.measures, portal.person.persona
        refusal = measures.closed(service.name) or measures.refusal(persona)
        if refusal is not None:
            self._meters.refused.labels(service.name, "measure").inc()
            await socket.send_denial_response(self._pages.refuse(service.name, persona, refusal))
            return
        await socket.accept()
        self._pages.telemetry.count(f"{service.name} socket", "ok", portal.person.persona)
        token = socket.cookies.get(COOKIE, "")
        await self._serve(Member(socket, portal.person, service.name, token, self._meters))

    def _reason(self, socket: WebSocket, service: Service, portal: PortalSession | None) -> str:
        """Why this socket may not be opened; nothing when it may."""
        if not _same_origin(socket):
            return "origin"
        if portal is None:
            return "session"
        fault = self._links.fault(portal.person, service.name, socket.path_params["room"], socket.query_params)
        return fault or ("full" if self._rooms.full else "")

    def _refused(self, service: Service, reason: str) -> Response:
        self._pages.telemetry.count(f"{service.name} socket", "refused" if reason == "full" else "denied")
        self._meters.refused.labels(service.name, reason).inc()
        return _refusal(429 if reason == "full" else 403, reason)

    async def _serve(self, member: Member) -> None:
        delivery = asyncio.create_task(member.deliver())
        try:
            async with self._rooms.place(member) as room:
                await listen(room, member, self._limits, sessions=self._sessions)
        except WebSocketDisconnect:
            pass
        finally:
            if member.closing:
                await asyncio.wait([delivery], timeout=_LAST_WORDS_SECONDS)
            delivery.cancel()


def _same_origin(socket: WebSocket) -> bool:
    """Whether a browser says that the page which asks is ours; others than browsers say nothing."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


def _refusal(status: int, reason: str) -> Response:
    headers = {"retry-after": _RETRY_SECONDS} if status == 429 else {}
    return JSONResponse({"type": "refused", "reason": reason}, status, headers)
