"""How much may be sent: a body that is too large is refused before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from entsandbox.load.refusals import Refusals

_BESIDE_FILES_BYTES = 100_000  # a form's other fields, and its borders
_HEADERS = {"connection": "close"}


class BodyLimit:
    """The ASGI application in front of the router: passes on what is small enough, answers 413 to the rest."""

    def __init__(self, rest: ASGIApp, refusals: Refusals, upload_bytes: int) -> None:
        self._rest, self._refusals, self._limit = rest, refusals, upload_bytes + _BESIDE_FILES_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it; a body without a length is counted as it comes."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            return await self._rest(scope, receive, send)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self._limit:
            return await self._refusals.too_large()(scope, receive, send)
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._limit:
                raise HTTPException(413, headers=_HEADERS)  # the router answers it with its page
            return message

        return await self._rest(scope, counted, send)
