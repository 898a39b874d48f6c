"""Serves a sandbox until it is told to stop, or until its parent is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entsandbox.app import application
from entsandbox.ent import Ent
from entsandbox.listening import TOKEN, address, at_end_of_input, bind, orphaned
from entsandbox.live_limits import LARGEST_MESSAGE
from entsandbox.load.refusals import HANG_UP

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from entsandbox.settings import Settings

_LAST_ANSWERS_SECONDS = 2
_UPKEEP_SECONDS = 0.5


def announce(url: str, admin_token: str) -> None:
    """Print the one line that says where the sandbox listens."""
    print(json.dumps({"url": url, "admin_token": admin_token}), flush=True)


def serve(
    settings: Settings,
    *,
    parent_pid: int | None = None,
    watch_stdin: bool = False,
    member: bool = False,
    listening: Callable[[str, str], None] = announce,
) -> None:
    """Serve until SIGTERM or SIGINT, the parent's end or the end of standard input; then return.

    `listening` is called with the address and the administration's token once connections are taken. A `member`
    is one of several processes: it shares its port, and finds the database filled. Raises UsageError when the
    address or the database cannot be had.
    """
    if settings.processes > 1 and not member:
        from entsandbox.supervisor import serve_together

        serve_together(settings, parent_pid=parent_pid, watch_stdin=watch_stdin, listening=listening)
        return
    bound = bind(settings.host, settings.port, shared=member)
    with closing(bound), closing(Ent(settings, admin_token=os.environ.get(TOKEN, ""), joining=member)) as ent:
        server = _Server(_config(ent), lambda: listening(address(settings.host, bound), ent.admin_token))
        if watch_stdin:
            at_end_of_input(lambda: setattr(server, "should_exit", True))
        asyncio.run(_run(server, bound, ent, parent_pid))


class _Protocol(HttpToolsProtocol):
    """HTTP with one more thing that the application may do: hang up without an answer."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope.setdefault("extensions", {})[HANG_UP] = {"now": self.transport.abort}


class _Server(uvicorn.Server):
    """A server that says when it listens, and for which a signal is a request to stop, not a fault."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; uvicorn would raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _config(ent: Ent) -> uvicorn.Config:
    return uvicorn.Config(
        application(ent),
        http=_Protocol,
        ws="wsproto",
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,  # a proxy on this machine says by which scheme it was asked
        forwarded_allow_ips=["127.0.0.1", "::1"],
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        backlog=4_096,
    )


async def _run(server: _Server, bound: socket.socket, ent: Ent, parent_pid: int | None) -> None:
    beside = [asyncio.create_task(_keep_up(ent))]
    if parent_pid is not None:
        beside.append(asyncio.create_task(_stop_when_orphaned(server, parent_pid)))
    await server.serve([bound])
    for task in beside:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*beside)


async def _keep_up(ent: Ent) -> None:
    while True:
        await ent.keep_up()
        await asyncio.sleep(_UPKEEP_SECONDS)


async def _stop_when_orphaned(server: _Server, parent_pid: int) -> None:
    await orphaned(parent_pid)
    server.should_exit = True
