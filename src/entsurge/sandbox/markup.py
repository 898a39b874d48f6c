"""The sandbox's pages as HTML, in French; nothing in them is trusted, so everything is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse

from entsurge.sandbox.services import SERVICES, Service

if TYPE_CHECKING:
    from entsurge.population import School
    from entsurge.sandbox.entries import Entry
    from entsurge.sandbox.sessions import PortalSession

WAITING_TITLE = "Vous êtes très nombreux à vouloir vous connecter…"
WAITING_TEXT = "L'ENT connaît une forte affluence : merci de patienter 3 minutes avant de réessayer."


@cache
def _environment() -> Environment:
    loader = PackageLoader("entsurge.sandbox", "pages")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, auto_reload=False)


def login_page(service: str, execution: str, lt: str, problem: str = "") -> HTMLResponse:
    """The sign-on form; it answers 200 when it comes back with a problem, as real ones do."""
    template = _environment().get_template("login.html")
    text = template.render(title="Connexion", service=service, execution=execution, lt=lt, problem=problem)
    return HTMLResponse(text, headers={"cache-control": "no-store"})


def notice(title: str, text: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    """A page that says one thing and costs nothing."""
    return HTMLResponse(_notice_bytes(title, text), status, {"cache-control": "no-store", **(headers or {})})


def waiting_room() -> HTMLResponse:
    """The page of an ENT that is full: it answers 200, and is no success."""
    return notice(WAITING_TITLE, WAITING_TEXT)


def unavailable() -> HTMLResponse:
    """The page of an ENT whose queue is full."""
    text = "Le service ne répond plus : trop de demandes attendent."
    return notice("Service indisponible", text, 503, {"retry-after": "30", "connection": "close"})


def portal_page(
    portal: PortalSession,
    school: School,
    service: Service,
    *,
    entries: list[Entry] | None = None,
    entry: Entry | None = None,
    form: tuple[str, tuple[str, ...]] = ("", ()),
    calls: bool = True,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """A portal page: a list of entries, or one; `form` is where it is sent and its fields."""
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
            entries=entries or [],
            entry=entry,
            action=form[0],
            fields=form[1],
        )
    )
    return HTMLResponse(text, headers={"cache-control": "private, no-store", **(headers or {})})


def live_page(portal: PortalSession, school: School, service: Service, addresses: list[str]) -> HTMLResponse:
    """The page of chat or video class, with the signed address of each room that is this person's."""
    root = f"/etab/{school.uai}/"
    names = [address.partition("?")[0].rpartition("/")[2] for address in addresses]
    text = (
        _environment()
        .get_template("direct.html")
        .render(
            title=service.title,
            person=portal.person,
            csrf=portal.csrf,
            school=school,
            service=service,
            services=SERVICES,
            root=root,
            calls=[f"{root}api/{call}" for call in service.calls],
            live=[{"address": address, "room": name} for address, name in zip(addresses, names, strict=True)],
        )
    )
    return HTMLResponse(text, headers={"cache-control": "private, no-store"})


@cache
def _notice_bytes(title: str, text: str) -> bytes:
    return _environment().get_template("notice.html").render(title=title, text=text).encode()
