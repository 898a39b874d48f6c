"""How what is refused is worded: each face has its own words for what is the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HANG_UP = "entsandbox.hang_up"  # the server's extension: call it and the connection is gone


class Refusals(Protocol):
    """What a face answers in place of a page."""

    def waiting_room(self) -> Response:
        """There are too many; with the status that the product gives."""
        ...

    def room_full(self, text: str) -> Response:
        """The waiting room itself has no place left."""
        ...

    def closed(self, text: str) -> Response:
        """A measure turns somebody away."""
        ...

    def too_many(self, wait_seconds: float) -> Response:
        """An account has spent its allowance, and has to wait so long."""
        ...

    def unavailable(self) -> Response:
        """The queue is full, or the database does not answer."""
        ...

    def too_large(self) -> Response:
        """A body or a file is larger than it may be."""
        ...


class HangUp(Response):
    """No answer at all: the connection is closed, as a full server's is."""

    def __init__(self, otherwise: Response) -> None:
        super().__init__()
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection; answer otherwise where the server does not let us."""
        hang_up = scope.get("extensions", {}).get(HANG_UP)
        if hang_up is None:
            await self._otherwise(scope, receive, send)
            return
        hang_up["now"]()
        while (await receive())["type"] != "http.disconnect":
            pass
