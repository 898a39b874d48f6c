"""The light requests, answered before any router: static files and a page's background calls.

There are some fifteen of them to a page, so they are answered from bytes made beforehand; what concerns one person is
looked up.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING

from entsandbox.portal.background_calls import ANSWERS
from entsandbox.portal.read_routes import COOKIE
from entsandbox.services import CALLS
from entsandbox.state.store import Unavailable
from entsurge.population.names import draw

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from entsandbox.measures import Measures
    from entsandbox.state import PortalSession, Sessions
    from entsandbox.state.store import Database
    from entsandbox.telemetry import Telemetry

_TYPES = {
    "portail.css": b"text/css; charset=utf-8",
    "portail.js": b"text/javascript; charset=utf-8",
    "logo.svg": b"image/svg+xml",
    "police.woff2": b"font/woff2",
}
_BALLAST_BYTES = {"portail.css": 12_000, "portail.js": 16_000, "police.woff2": 20_000}
_COOKIE_START = f"{COOKIE}=".encode()

Headers = list[tuple[bytes, bytes]]


class StaticMiddleware:
    """The ASGI application in front: light requests are answered here, the others passed on."""

    def __init__(
        self,
        rest: ASGIApp,
        *,
        sessions: Sessions,
        database: Database,
        measures: Measures,
        telemetry: Telemetry,
        quota_bytes: int,
    ) -> None:
        self._rest, self._sessions, self._database = rest, sessions, database
        self._measures, self._telemetry, self._quota_bytes = measures, telemetry, quota_bytes
        self._assets = {f"/static/{name}": _asset(name) for name in _TYPES}
        self._calls = {call: _json_answer(_call_body(call)) for call in CALLS}
        self._no_database = _json_answer(b'{"erreur":"base de donn\xc3\xa9es indisponible"}')
        self._no_session = _json_answer(b'{"erreur":"session inconnue"}')

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            self._telemetry.came(scope["path"], _header(scope, b"user-agent"))
        if scope["type"] == "http" and scope["method"] == "GET":
            path: str = scope["path"]
            if path in self._assets:
                return await self._asset(path, scope, send)
            parts = path.split("/")
            if len(parts) == 5 and parts[1] == "etab" and parts[3] == "api" and parts[4] in self._calls:
                return await self._call(parts[2], parts[4], scope, send)
        return await self._rest(scope, receive, send)

    async def _asset(self, path: str, scope: Scope, send: Send) -> None:
        headers, etag, body = self._assets[path]
        self._telemetry.count("static", "ok")
        if etag in _header(scope, b"if-none-match"):
            await _answer(send, 304, headers[:2], b"")
        else:
            await _answer(send, 200, headers, body)

    async def _call(self, uai: str, call: str, scope: Scope, send: Send) -> None:
        try:
            portal = await self._sessions.find_portal(_session_token(scope))
            own = portal if call in ANSWERS and not self._rests(call) else None
            made = await self._made(call, own) if own is not None else self._calls[call]
        except Unavailable:
            self._telemetry.count("xhr", "failed")
            await _answer(send, 503, *self._no_database)
            return
        if portal is None or portal.person.uai != uai:
            self._telemetry.count("xhr", "denied")
            await _answer(send, 401, *self._no_session)
            return
        self._telemetry.count("xhr", "ok", portal.person.persona)
        await _answer(send, 200, *made)

    def _rests(self, call: str) -> bool:
        """Whether a measure keeps this call's news back."""
        return call == "notifications" and self._measures.silent()

    async def _made(self, call: str, portal: PortalSession) -> tuple[Headers, bytes]:
        """The answer to a call that is about one person."""
        found = await self._database.run(lambda db: ANSWERS[call](db, portal, self._quota_bytes))
        return _json_answer(json.dumps({"appel": call, **found}).encode())


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def _session_token(scope: Scope) -> str:
    for part in _header(scope, b"cookie").split(b";"):
        pair = part.strip()
        if pair.startswith(_COOKIE_START):
            return pair[len(_COOKIE_START) :].decode("latin-1").strip('"')
    return ""


def _asset(name: str) -> tuple[Headers, bytes, bytes]:
    """A static file's headers (the first two also stand on a 304), its tag and its bytes."""
    body = _asset_body(name)
    etag = b'"%s"' % hashlib.blake2b(body, digest_size=8).hexdigest().encode()
    headers = [
        (b"etag", etag),
        (b"cache-control", b"public, max-age=3600"),
        (b"content-type", _TYPES[name]),
        (b"content-length", str(len(body)).encode()),
    ]
    return headers, etag, body


def _asset_body(name: str) -> bytes:
    """A file's bytes, with ballast to the size of a real portal's; the font is ballast alone."""
    size = _BALLAST_BYTES.get(name, 0)
    ballast = b"".join(draw(name, n).to_bytes(8) for n in range(size // 8))
    if name == "police.woff2":
        return b"wOF2" + ballast
    own = files("entsandbox.portal").joinpath("static", name).read_bytes()
    return own + (b"/* " + ballast.hex().encode()[: size - len(own)] + b" */\n" if size else b"")


def _call_body(call: str) -> bytes:
    items = [{"id": n, "titre": f"{call} {n}", "lu": n % 3 == 0} for n in range(draw(call) % 6 + 3)]
    return json.dumps({"appel": call, "nombre": len(items), "elements": items}).encode()


def _json_answer(body: bytes) -> tuple[Headers, bytes]:
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"private, no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    return headers, body
