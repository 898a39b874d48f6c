"""Entcore's face put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.entcore import conversation, school_life, timeline
from entsandbox.entcore.applications import Applications
from entsandbox.entcore.auth import Auth, userinfo
from entsandbox.entcore.endpoint import Endpoint
from entsandbox.entcore.workspace import Workspace

if TYPE_CHECKING:
    from starlette.routing import Route

    from entsandbox.entcore.endpoint import Structures
    from entsandbox.load.page_service import PageService
    from entsandbox.sign_on import SignOn
    from entsandbox.state import Sessions
    from entsandbox.state.store.disk import Disk


def routes(
    structures: Structures, sign_on: SignOn, pages: PageService, *, sessions: Sessions, disk: Disk
) -> list[Route]:
    """Everything that entcore answers here."""
    endpoints = [
        Endpoint("GET", "/auth/oauth2/userinfo", userinfo),
        *timeline.endpoints(),
        *conversation.endpoints(),
        *Workspace(disk).endpoints(),
        *school_life.endpoints(),
    ]
    applications = Applications(structures, endpoints, pages, sessions=sessions, disk=disk)
    return [*Auth(sign_on, sessions=sessions).routes(), *applications.routes(), *timeline.assets()]
