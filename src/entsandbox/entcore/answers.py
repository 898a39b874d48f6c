"""What entcore answers with: JSON, the pages of its applications, and its words for what is refused."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_STORE = {"cache-control": "no-store"}
TOO_LOADED = "Trop de charge, réessayez plus tard."
_SHELL = (
    "<!doctype html><html lang=fr><head><meta charset=utf-8><title>{title}</title>"
    '<link rel=stylesheet href="/public/theme.css"></head><body>{body}'
    '<script src="/public/{script}.js"></script></body></html>'
)


def answered(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON, for this person alone."""
    return JSONResponse(value, status, {**NO_STORE, **(headers or {})})


def refused(reason: str, status: int) -> Response:
    """An API's refusal."""
    return answered({"error": reason}, status)


def shell(title: str, script: str, body: str = "") -> Response:
    """The page of an application, which its script fills."""
    return HTMLResponse(_SHELL.format(title=html.escape(title), script=script, body=body), headers=NO_STORE)


def login_page(problem: str = "") -> Response:
    """The sign-on, whose form the script draws; it answers 200 with a problem too."""
    said = f"<p class=error>{html.escape(problem)}</p>" if problem else ""
    return shell("Connexion", "login", f"<main data-application=auth></main>{said}")


class EntcoreRefusals:
    """Entcore's words for what is refused; a full house is a page with status 200."""

    def waiting_room(self) -> Response:
        """The page above the session limit."""
        return shell("Connexion", "tooload", f"<p>{TOO_LOADED}</p>")

    def room_full(self, text: str) -> Response:
        """What stands in front of entcore has no place left either."""
        return self._down(text)

    def closed(self, text: str) -> Response:
        """A measure turns somebody away: entcore has no page for it, so an operator's proxy answers."""
        return self._down(text)

    def too_many(self, wait_seconds: float) -> Response:
        """An account asks too often."""
        return answered({"error": "too.many.requests"}, 429, {"retry-after": str(math.ceil(wait_seconds))})

    def unavailable(self) -> Response:
        """The proxy's page when no worker answers."""
        return self._down("Service indisponible")

    def too_large(self) -> Response:
        """A file is larger than it may be."""
        return answered({"error": "file.too.large"}, 413, {"connection": "close"})

    @staticmethod
    def _down(text: str) -> Response:
        body = f"<h1>503</h1><p>{html.escape(text)}</p>"
        return HTMLResponse(body, 503, {"retry-after": "30", **NO_STORE})
