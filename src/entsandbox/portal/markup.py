"""The sandbox's pages as HTML, in French; nothing in them is trusted, so everything is escaped."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response

from entsandbox.services import SERVICES, Service

if TYPE_CHECKING:
    from entsandbox.authorities import Authority
    from entsandbox.portal.views.view import View
    from entsandbox.state import PortalSession
    from entsurge.population import School

WAITING_TITLE = "Vous êtes très nombreux à vouloir vous connecter…"
WAITING_TEXT = "L'ENT connaît une forte affluence : merci de patienter 3 minutes avant de réessayer."


@cache
def _environment() -> Environment:
    loader = PackageLoader("entsandbox.portal", "pages")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, auto_reload=False)


def login_page(service: str, execution: str, lt: str, problem: str = "") -> HTMLResponse:
    """The sign-on form; it answers 200 when it comes back with a problem, as real ones do."""
    template = _environment().get_template("login.html")
    text = template.render(title="Connexion", service=service, execution=execution, lt=lt, problem=problem)
    return HTMLResponse(text, headers={"cache-control": "no-store"})


def renewal_page(service: str, renewal: str, problem: str = "") -> HTMLResponse:
    """The page on which a new password has to be set before anything else; it answers 200."""
    template = _environment().get_template("renewal.html")
    text = template.render(title="Nouveau mot de passe", service=service, renewal=renewal, problem=problem)
    return HTMLResponse(text, headers={"cache-control": "no-store"})


def notice(title: str, text: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    """A page that says one thing and costs nothing."""
    return HTMLResponse(_notice_bytes(title, text), status, {"cache-control": "no-store", **(headers or {})})


class PortalRefusals:
    """The portal's words for what is refused."""

    def waiting_room(self) -> Response:
        """The page of an ENT that is full: it answers 200, and is no success."""
        return notice(WAITING_TITLE, WAITING_TEXT)

    def room_full(self, text: str) -> Response:
        """The page of an ENT whose waiting room has no place left."""
        return notice("Salle d'attente pleine", text, 503, {"retry-after": "30", "connection": "close"})

    def closed(self, text: str) -> Response:
        """The page of a measure that turns somebody away."""
        return notice("Accès réservé", text)

    def too_many(self, wait_seconds: float) -> Response:
        """The page of an account that asks for more than its allowance."""
        headers = {"retry-after": str(math.ceil(wait_seconds))}
        return notice("Trop de demandes", "Votre compte demande trop de pages : merci de patienter.", 429, headers)

    def unavailable(self) -> Response:
        """The page of an ENT whose queue is full."""
        text = "Le service ne répond plus : trop de demandes attendent."
        return notice("Service indisponible", text, 503, {"retry-after": "30", "connection": "close"})

    def too_large(self) -> Response:
        """The page of a body that is too large."""
        text = "Ce fichier dépasse la taille permise."
        return notice("Fichier trop volumineux", text, 413, {"connection": "close"})


def portal_page(
    portal: PortalSession,
    school: School,
    service: Service,
    view: View,
    *,
    calls: bool = True,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """A page of a school's portal; with `calls` it declares its background requests."""
    root = f"/etab/{school.uai}/"
    text = (
        _environment()
        .get_template("portal.html")
        .render(
            title=service.title,
            person=portal.person,
            csrf=portal.csrf,
            school=school,
            service=service,
            services=SERVICES,
            root=root,
            calls=[f"{root}api/{call}" for call in service.calls] if calls else [],
            view=view,
        )
    )
    return HTMLResponse(text, headers={"cache-control": "private, no-store", **(headers or {})})


def tenant_page(authority: Authority, schools: list[School], view: View, *, persona: str, sign_on: str) -> HTMLResponse:
    """A page of an academy's or a local authority's portal."""
    text = (
        _environment()
        .get_template("tenant.html")
        .render(title=authority.name, authority=authority, schools=schools, view=view, persona=persona, sign_on=sign_on)
    )
    return HTMLResponse(text, headers={"cache-control": "no-store"})


@cache
def _notice_bytes(title: str, text: str) -> bytes:
    return _environment().get_template("notice.html").render(title=title, text=text).encode()
