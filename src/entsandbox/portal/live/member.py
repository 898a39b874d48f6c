"""Someone in a room: what is meant for them waits in a short queue, so that a slow line holds up nobody else."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from entsandbox.live_meters import LiveMeters
    from entsurge.population import Person

MOST_TEXTS = 256
MOST_CHUNKS = 8
# why a socket is closed by us; 1000-1015 are RFC 6455's
HEARTBEAT_MISSED, SESSION_ENDED, CLOSED_BY_MEASURE, TOO_MANY_MESSAGES, TOO_SLOW = 4001, 4002, 4003, 4008, 4009


class _Closing(NamedTuple):
    code: int
    reason: str


class Rate:
    """So many a minute, a sixth of them at once (a token bucket)."""

    def __init__(self, per_minute: float) -> None:
        self._per_second, self._most = per_minute / 60, max(1.0, per_minute / 6)
        self._left, self._at = self._most, time.monotonic()

    def take(self) -> bool:
        """Whether one more may pass now."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Member:
    """One open socket and its person; `token` is their portal session's."""

    def __init__(self, socket: WebSocket, person: Person, service: str, token: str, meters: LiveMeters) -> None:
        self.socket, self.person, self.service, self.token = socket, person, service, token
        self.inside, self.came_at = False, 0.0
        self.rate: Rate | None = None
        self.meters = meters
        self._sent = meters.messages.labels(service, "out")
        self._queue: asyncio.Queue[str | bytes | _Closing] = asyncio.Queue()
        self.closing = False

    @property
    def name(self) -> str:
        """Whom the others see."""
        return self.person.login

    def tell(self, **message: Any) -> None:
        """Send a message to this one alone."""
        self.tell_text(json.dumps(message, ensure_ascii=False))

    def tell_text(self, text: str) -> None:
        """Send a message that is written out already; who does not read what comes is put out."""
        if self._queue.qsize() >= MOST_TEXTS:
            self.put_out(TOO_SLOW, "slow", "trop lent")
        elif not self.closing:
            self._queue.put_nowait(text)

    def show(self, chunk: bytes) -> None:
        """Send a media chunk, or leave it out when the line is full: late media is worth nothing."""
        if self.closing:
            return
        if self._queue.qsize() >= MOST_CHUNKS:
            self.meters.dropped.inc()
        else:
            self._queue.put_nowait(chunk)

    def close(self, code: int, reason: str) -> None:
        """Close the socket once what was said before has gone out."""
        if not self.closing:
            self.closing = True
            self._queue.put_nowait(_Closing(code, reason))

    def put_out(self, code: int, reason: str, words: str) -> None:
        """Close the socket, and count why."""
        if not self.closing:
            self.meters.refused.labels(self.service, reason).inc()
            self.close(code, words)

    async def deliver(self) -> None:
        """Send what waits, in order, until the socket is closed."""
        try:
            while True:
                item = await self._queue.get()
                if isinstance(item, str):
                    await self.socket.send_text(item)
                    self._sent.inc()
                elif isinstance(item, bytes):
                    await self.socket.send_bytes(item)
                    self.meters.media_out.inc(len(item))
                else:
                    await self.socket.close(item.code, item.reason)
                    return
        except (WebSocketDisconnect, RuntimeError):  # the other side has gone; whoever listens hears of it
            return
