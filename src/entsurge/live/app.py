"""The page's addresses: the page, its files, its events, its buttons, the report once it is there."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from entsurge.catalogue import LANGUAGES
from entsurge.live import stopping
from entsurge.live.admission import HEADERS
from entsurge.live.page import FILES, file, language_of, page, token_page
from entsurge.record.reading.documents import read_report
from entsurge.terminal import here

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from entsurge.live.admission import Admission
    from entsurge.live.look import Look
    from entsurge.live.viewers import Viewer, Viewers

HANG_UP = "entsurge.hang_up"
LONGEST_FORM = 4_096


class Guarded:
    """Every request is looked at before anything of the run is: meant for us, admitted, its buttons our own."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self.app, self.admission = app, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = self._refused(scope) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, dressed)

    def _refused(self, scope: Scope) -> Response | None:
        """What is answered to whoever may not; None to whoever may."""
        headers = Headers(scope=scope)
        changes, token = scope["method"] not in ("GET", "HEAD"), scope["path"] == "/token"
        if not self.admission.knows_host(headers.get("host", "")):
            return PlainTextResponse("421\n", 421)
        if changes and token and self.admission.operators:
            return None if self.admission.knows_origin(headers.get("origin", "")) else PlainTextResponse("403\n", 403)
        if not self.admission.may_look(headers):
            return unknown()
        if changes and not self.admission.may_press(headers):
            return PlainTextResponse("403\n", 403)
        return None


def unknown() -> Response:
    """What is answered to whoever has shown no token, wherever they ask: the same, and nothing of the run."""
    return HTMLResponse(token_page(), 401, {"www-authenticate": "Bearer"})


async def nothing(request: Request) -> Response:
    """No icon."""
    del request
    return Response(status_code=204)


class Pages:
    """What is answered to whoever may look."""

    def __init__(self, look: Look, viewers: Viewers, admission: Admission) -> None:
        self.look, self.viewers, self.admission = look, viewers, admission

    async def show(self, request: Request) -> Response:
        """The page, in the language that was chosen or is preferred."""
        language = language_of(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))
        text = await asyncio.to_thread(page, language, self.look.following.manifest(), self.admission.button)
        return HTMLResponse(text, headers={"vary": "accept-language"})

    async def file(self, request: Request) -> Response:
        """Its style or its script."""
        name = request.url.path.removeprefix("/")
        return Response(file(name), media_type=FILES[name])

    async def admit(self, request: Request) -> Response:
        """A token was typed in: a cookie for the right one."""
        given = b""
        async for piece in request.stream():
            given += piece
            if len(given) > LONGEST_FORM:
                return unknown()
        token = parse_qs(given.decode("utf-8", "replace")).get("token", [""])[0]
        if not self.admission.knows_operator(token.strip()):
            return unknown()
        return RedirectResponse("/", 303, {"set-cookie": self.admission.set_cookie})

    async def stop(self, request: Request) -> Response:
        """End one fault or measure, or all of them."""
        known = {each["id"] for each in (self.look.following.manifest() or {"perturbations": []})["perturbations"]}
        name = request.path_params.get("name")
        if name is not None and name not in known:
            return PlainTextResponse("404\n", 404)
        _say(f"{name or 'everything in force'} is ended by its button")
        return _told(await stopping.stop(self.look.run, [name] if name else []))

    async def end(self, request: Request) -> Response:
        """End the run."""
        del request
        _say("the run is ended by its button")
        return _told(stopping.end_run(self.look.run))

    async def report(self, request: Request) -> Response:
        """The report, to be kept: once this process is gone, nobody gives it out any more."""
        language = request.path_params["language"]
        found = read_report(self.look.folder, language) if language in LANGUAGES else None
        if found is None:
            return PlainTextResponse("404\n", 404)
        kept = {"content-disposition": f'attachment; filename="report.{language}.html"'}
        return Response(found, media_type="text/html", headers=kept)


class Events:
    """The stream of snapshots: one event a second, until the run is over or the viewer is."""

    def __init__(self, viewers: Viewers) -> None:
        self.viewers = viewers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until somebody leaves; who does not read is hung up on."""
        viewer = self.viewers.join() if scope["method"] == "GET" else None
        if viewer is None:
            await PlainTextResponse("503\n", 503)(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"text/event-stream; charset=utf-8")]})  # fmt: skip
        ways = [asyncio.create_task(each) for each in (_pump(viewer, send), _left(receive), viewer.dropped.wait())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.viewers.leave(viewer)
            for each in ways:
                each.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            if viewer.dropped.is_set():
                scope["extensions"][HANG_UP]["now"]()
        with contextlib.suppress(RuntimeError):
            await send({"type": "http.response.body", "body": b""})


async def _pump(viewer: Viewer, send: Send) -> None:
    while True:
        event = await viewer.waiting.get()
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _say(what: str) -> None:
    print(here(f"entsurge: live page: {what}"), file=sys.stderr)


def _told(done: stopping.Done) -> Response:
    return JSONResponse({"ok": done.ok, "said": done.said}, 200 if done.ok else 409)


def application(look: Look, viewers: Viewers, admission: Admission) -> ASGIApp:
    """The whole page as one application."""
    pages = Pages(look, viewers, admission)
    endpoints: list[tuple[str, Any, str]] = [
        ("/", pages.show, "GET"),
        *((f"/{name}", pages.file, "GET") for name in FILES),
        ("/favicon.ico", nothing, "GET"),
        ("/events", Events(viewers), "GET"),
        ("/report/{language}", pages.report, "GET"),
        ("/token", pages.admit, "POST"),
        ("/stop", pages.stop, "POST"),
        ("/stop/{name}", pages.stop, "POST"),
        ("/end", pages.end, "POST"),
    ]
    return Guarded(Starlette(routes=[Route(path, what, methods=[how]) for path, what, how in endpoints]), admission)
