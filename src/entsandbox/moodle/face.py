"""Moodle's face put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.moodle import courses, forum, messaging, overview
from entsandbox.moodle.login import Login
from entsandbox.moodle.site import Pages

if TYPE_CHECKING:
    from starlette.routing import Route

    from entsandbox.load.page_service import PageService
    from entsandbox.moodle.endpoint import Site
    from entsandbox.sign_on import SignOn
    from entsandbox.state import State
    from entsandbox.state.store.disk import Disk


def routes(site: Site, sign_on: SignOn, pages: PageService, *, state: State, disk: Disk) -> list[Route]:
    """Everything that Moodle answers here."""
    endpoints = [*courses.endpoints(), *forum.endpoints(), *messaging.endpoints(), *overview.endpoints()]
    behind = Pages(site, endpoints, messaging.methods(), pages, sessions=state.sessions, disk=disk)
    return [*Login(sign_on, state=state).routes(), *behind.routes()]
