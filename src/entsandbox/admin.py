"""What operators and their tools ask of the sandbox: measures, metrics, health."""

from __future__ import annotations

import json
import math
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from entsandbox.measure_options import fault
from entsandbox.measures import MEASURES, NOT_ON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from entsandbox.load.session_limit import SessionLimit
    from entsandbox.measures import Measures
    from entsandbox.state import State
    from entsandbox.telemetry import Telemetry
    from entsurge.population import Persona


class Admin:
    """The routes beside the portal."""

    def __init__(
        self,
        *,
        token: str,
        speaks: str,
        personas: Mapping[str, Persona],
        measures: Measures,
        limit: SessionLimit,
        state: State,
        telemetry: Telemetry,
        sample: Callable[[], None],
        switched: Callable[[], Awaitable[None]],
    ) -> None:
        self._token, self._speaks, self._personas = token, speaks, personas
        self._measures, self._limit = measures, limit
        self._state, self._telemetry, self._sample, self._switched = state, telemetry, sample, switched

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/admin/measures", self.list, methods=["GET"]),
            Route("/admin/measures/{name}", self.change, methods=["PUT", "DELETE"]),
            Route("/admin/session-limit", self.session_limit, methods=["GET", "PUT"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        """Every measure and its state."""
        if not self._trusted(request):
            return _not_trusted()
        return JSONResponse({"measures": [self._measures.state(name) for name in MEASURES]})

    async def change(self, request: Request) -> Response:
        """Turn a measure on (with a lease, perhaps) or off; the answer is its state."""
        if not self._trusted(request):
            return _not_trusted()
        name = request.path_params["name"]
        if name not in MEASURES:
            return JSONResponse({"error": f"no measure {name}", "known": MEASURES}, 404)
        if name in NOT_ON.get(self._speaks, ()):
            return JSONResponse({"error": f"{name}: nothing on the way in of {self._speaks} has a page for it"}, 409)
        asked = _asked(await request.body()) if request.method == "PUT" else _Asked(on=False)
        wrong = asked if isinstance(asked, str) else fault(name, asked.options, self._personas)
        if isinstance(asked, str) or wrong is not None:
            return JSONResponse({"error": wrong}, 400)
        order = self._measures.order(asked.lease_seconds, asked.options) if asked.on else None
        await self._state.order(name, self._measures.renewed(name, order) if order is not None else None)
        self._measures.follow(await self._state.orders())
        await self._switched()
        return JSONResponse(self._measures.state(name))

    async def session_limit(self, request: Request) -> Response:
        """The session limit; a change is in force once every process has re-read it."""
        if not self._trusted(request):
            return _not_trusted()
        limit = self._limit
        if request.method == "PUT":
            wanted = _limit(await request.body())
            if wanted is None:
                return JSONResponse({"error": 'expected {"limit": a whole number above 0}'}, 400)
            await limit.change(wanted)
        return JSONResponse({"limit_now": limit.now, "reread_seconds": limit.reread_seconds})

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002  Starlette passes it
        """Prometheus' text format."""
        self._sample()
        return Response(self._telemetry.exposition(), media_type="text/plain; version=0.0.4")

    async def health(self, request: Request) -> Response:  # noqa: ARG002  Starlette passes it
        """Whether it is there."""
        return PlainTextResponse("ok\n")

    def _trusted(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode())


def _not_trusted() -> Response:
    return JSONResponse({"error": "bad token"}, 401, {"www-authenticate": "Bearer"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a PUT asks of a measure."""

    on: bool
    lease_seconds: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def _asked(body: bytes) -> _Asked | str:
    """What a PUT asks for, `on` without a body; what was expected when it cannot be understood."""
    wants = 'expected {"on": true|false, "lease_seconds": a number above 0, or none, "options": {…}}'
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return wants
    if not isinstance(found, dict) or not found.keys() <= {"on", "lease_seconds", "options"}:
        return wants
    on, lease, options = found.get("on", True), found.get("lease_seconds"), found.get("options", {})
    number = isinstance(lease, int | float) and not isinstance(lease, bool)
    if not isinstance(on, bool) or not (lease is None or (number and 0 < lease < math.inf)):
        return wants
    return _Asked(on, lease, options)


def _limit(body: bytes) -> int | None:
    try:
        found: Any = json.loads(body)
    except ValueError:
        return None
    limit = found.get("limit") if isinstance(found, dict) and found.keys() == {"limit"} else None
    return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None
