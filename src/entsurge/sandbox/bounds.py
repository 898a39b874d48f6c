"""How much may be sent: a body that is too large is refused before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.sandbox import markup

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BESIDE_FILES_BYTES = 100_000  # a form's other fields, and its borders


class _TooLarge(Exception):
    """More came than was allowed."""


class Bounds:
    """The ASGI application in front of the router: passes on what is small enough, answers 413 to the rest."""

    def __init__(self, rest: ASGIApp, upload_bytes: Callable[[], int]) -> None:
        self._rest = rest
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it; a body without a length is counted as it comes."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            return await self._rest(scope, receive, send)
        limit = self._upload_bytes() + _BESIDE_FILES_BYTES
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > limit:
            return await _refusal()(scope, receive, send)
        came, answered = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._rest(scope, counted, noted)
        except _TooLarge:
            if not answered:
                await _refusal()(scope, receive, send)
        return None


def _refusal() -> ASGIApp:
    text = "Ce fichier dépasse la taille permise."
    return markup.notice("Fichier trop volumineux", text, 413, {"connection": "close"})
