"""The first application, and what every page of entcore asks for beside its own: news, applications, theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from entsandbox.entcore.endpoint import Endpoint
from entsandbox.state.store import news, notifications

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.entcore.endpoint import Ask

_MOST = 25
_NEWS = "NEWS"
_APPLICATIONS = {
    "timeline": "/timeline/timeline", "conversation": "/conversation/conversation", "diary": "/diary",
    "workspace": "/workspace/workspace", "viescolaire": "/viescolaire",
}  # fmt: skip
_ASSET_BYTES = {"js": 40_000, "css": 12_000}
_ASSET_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


def endpoints() -> list[Endpoint]:
    """What they answer."""
    return [
        Endpoint("GET", "/timeline/lastNotifications", _notifications, service="home"),
        Endpoint("GET", "/timeline/types", lambda _, __: [_NEWS, "MESSAGERIE", "HOMEWORKS"]),
        Endpoint("GET", "/timeline/flashmsg/listuser", lambda _, __: []),
        Endpoint("GET", "/applications-list", _applications),
        Endpoint("GET", "/theme", _theme),
    ]


def assets() -> list[Route]:
    """The scripts and styles of pages, which browsers keep for an hour."""
    return [Route("/public/{name}.{kind}", _asset, methods=["GET"])]


def _notifications(db: Connection, ask: Ask) -> object:
    """The news (`type=NEWS`), or what concerns oneself, the newest first."""
    if ask.query.getlist("type") == [_NEWS]:
        found = [
            {"_id": f"news-{each.id}", "type": _NEWS, "message": each.title, "date": each.at, "sender": each.author}
            for each in news.latest(db, ask.person.uai, reader=ask.person)
        ]
    elif ask.structures.updates.silent():
        found = []
    else:
        found = [
            {"_id": str(each.id), "type": each.service.upper(), "message": each.title, "date": each.at}
            for each in notifications.latest(db, ask.person.login, _MOST)
        ]
    return {"status": "ok", "number": len(found), "results": found}


def _applications(db: Connection, ask: Ask) -> object:
    del db, ask
    return {"apps": [{"name": name, "displayName": name, "address": path} for name, path in _APPLICATIONS.items()]}


def _theme(db: Connection, ask: Ask) -> object:
    del db, ask
    return {
        "template": "/public/template/portal.html",
        "skin": "/public/",
        "themeName": "sandbox",
        "skinName": "sandbox",
    }


async def _asset(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind not in _ASSET_BYTES:
        return Response(status_code=404)
    body = f"/* {request.path_params['name'][:40]!a} */".ljust(_ASSET_BYTES[kind])
    return Response(body, media_type=_ASSET_TYPES[kind], headers={"cache-control": "public, max-age=3600"})
