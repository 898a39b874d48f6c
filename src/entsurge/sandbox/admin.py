"""What operators and their tools ask of the sandbox: measures, metrics, health."""

from __future__ import annotations

import json
import math
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from entsurge.sandbox.measures import MEASURES

if TYPE_CHECKING:
    from starlette.requests import Request

    from entsurge.sandbox.ent import Ent


class Admin:
    """The routes beside the portal."""

    def __init__(self, ent: Ent) -> None:
        self._ent = ent

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/admin/measures", self.list, methods=["GET"]),
            Route("/admin/measures/{name}", self.change, methods=["PUT", "DELETE"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        """Every measure and its state."""
        if not self._trusted(request):
            return _not_trusted()
        return JSONResponse({"measures": [self._ent.measures.state(name) for name in MEASURES]})

    async def change(self, request: Request) -> Response:
        """Turn a measure on (with a lease, perhaps) or off; the answer is its state."""
        if not self._trusted(request):
            return _not_trusted()
        name = request.path_params["name"]
        if name not in MEASURES:
            return JSONResponse({"error": f"no measure {name}", "known": MEASURES}, 404)
        asked = _asked(await request.body()) if request.method == "PUT" else (False, None)
        if asked is None:
            wants = 'expected {"on": true|false, "lease_seconds": a number above 0, or none}'
            return JSONResponse({"error": wants}, 400)
        on, lease_seconds = asked
        self._ent.measures.put(name, on=on, lease_seconds=lease_seconds)
        return JSONResponse(self._ent.measures.state(name))

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002  Starlette passes it
        """Prometheus' text format."""
        return Response(self._ent.telemetry.exposition(), media_type="text/plain; version=0.0.4")

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Whether it is there."""
        return PlainTextResponse("ok\n")

    def _trusted(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {self._ent.admin_token}".encode())


def _not_trusted() -> Response:
    return JSONResponse({"error": "bad token"}, 401, {"www-authenticate": "Bearer"})


def _asked(body: bytes) -> tuple[bool, float | None] | None:
    """What a PUT asks for, `on` without a body; none when it cannot be understood."""
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return None
    if not isinstance(found, dict) or not found.keys() <= {"on", "lease_seconds"}:
        return None
    on, lease = found.get("on", True), found.get("lease_seconds")
    number = isinstance(lease, int | float) and not isinstance(lease, bool)
    if not isinstance(on, bool) or not (lease is None or (number and 0 < lease < math.inf)):
        return None
    return on, lease
