"""What Moodle answers with: its pages, its JSON, and its words for what is refused."""

from __future__ import annotations

import hashlib
import json
import math
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from entsandbox.state import PortalSession

NO_STORE = {"cache-control": "no-store"}
SCRIPT, STYLE = "/lib/javascript.php/1/lib/javascript-static.js", "/theme/styles.php/boost/1/all"
_BUSY = "Le site est momentanément saturé, merci de réessayer dans quelques minutes."


def sesskey(portal: PortalSession) -> str:
    """The key that forms and AJAX calls of a session carry: ten letters and digits."""
    return hashlib.blake2b(portal.csrf.encode(), digest_size=5).hexdigest()


def document(title: str, body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A page for anybody; `body` is markup."""
    head = f'<head><meta charset="utf-8"><title>{escape(title)}</title><link rel="stylesheet" href="{STYLE}"></head>'
    text = f'<!DOCTYPE html><html lang="fr">{head}<body id="page">{body}</body></html>'
    return HTMLResponse(text, status, {**NO_STORE, **(headers or {})})


def page(portal: PortalSession, user: int, title: str, main: str) -> Response:
    """A page for who is signed on: the session's key in a script, the way out, the page's own part."""
    key = sesskey(portal)
    config = json.dumps({"sesskey": key, "userId": user, "contextid": user + 20}, separators=(",", ":"))
    out = f'<a href="/login/logout.php?sesskey={key}">Déconnexion</a>'
    scripts = f'<script>M = {{}}; M.cfg = {config};</script><script src="{SCRIPT}"></script>'
    return document(title, f'{scripts}<nav>{out}</nav><main role="main"><h1>{escape(title)}</h1>{main}</main>')


def answered(value: object, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """A value as JSON."""
    return JSONResponse(value, status, {**NO_STORE, **(headers or {})})


def to(address: str) -> Response:
    """On to another page, after a form too."""
    return RedirectResponse(address, 303, NO_STORE)


def hidden(**fields: str) -> str:
    """Hidden fields of a form, `__` in a name standing for brackets around what follows it."""
    named = {_bracketed(name): value for name, value in fields.items()}
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in named.items())


def _bracketed(name: str) -> str:
    outer, mark, inner = name.partition("__")
    return f"{outer}[{inner}]" if mark else name


class MoodleRefusals:
    """What stands in place of Moodle's pages.

    Moodle counts no sessions and has no waiting room of its own: what limits is the proxy in front of it, whose answers
    these are.
    """

    def waiting_room(self) -> Response:
        """As many sessions as the proxy lets in."""
        return document("Patientez", f"<p>{_BUSY}</p>", 429, {"retry-after": "180"})

    def room_full(self, text: str) -> Response:
        """No place before the proxy either."""
        return self._down(text)

    def closed(self, text: str) -> Response:
        """A measure turns somebody away."""
        return self._down(text)

    def too_many(self, wait_seconds: float) -> Response:
        """An account asks too often."""
        return document("Patientez", f"<p>{_BUSY}</p>", 429, {"retry-after": str(math.ceil(wait_seconds))})

    def unavailable(self) -> Response:
        """No worker answers."""
        return self._down("Service indisponible")

    def too_large(self) -> Response:
        """A file is larger than it may be."""
        return document("Fichier trop volumineux", "<p>maxbytes</p>", 413, {"connection": "close"})

    @staticmethod
    def _down(text: str) -> Response:
        return document("503", f"<p>{escape(text)}</p>", 503, {"retry-after": "30"})
