"""Serves a sandbox until it is told to stop, or until its parent is gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from entsurge.errors import UsageError
from entsurge.sandbox.app import application
from entsurge.sandbox.ent import Ent
from entsurge.sandbox.live.limits import LARGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from entsurge.sandbox.settings import Settings

_LAST_ANSWERS_SECONDS = 2
_PARENT_CHECK_SECONDS = 0.5


def announce(url: str, admin_token: str) -> None:
    """Print the one line that says where the sandbox listens."""
    print(json.dumps({"url": url, "admin_token": admin_token}), flush=True)


def serve(
    settings: Settings,
    *,
    parent_pid: int | None = None,
    watch_stdin: bool = False,
    listening: Callable[[str, str], None] = announce,
) -> None:
    """Serve until SIGTERM or SIGINT, the parent's end or the end of standard input; then return.

    `listening` is called with the address and the administration's token once connections are taken.
    Raises UsageError when the address cannot be had.
    """
    bound = _bind(settings.host, settings.port)
    ent = Ent(settings)
    with closing(bound), closing(ent.store):
        url = f"http://{settings.host}:{bound.getsockname()[1]}"
        config = uvicorn.Config(
            application(ent),
            http="httptools",
            ws="wsproto",
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        )
        server = _Server(config, lambda: listening(url, ent.admin_token))
        if watch_stdin:
            threading.Thread(target=_await_end_of_input, args=(server,), daemon=True).start()
        asyncio.run(_run(server, bound, parent_pid))


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


async def _run(server: _Server, bound: socket.socket, parent_pid: int | None) -> None:
    if parent_pid is None:
        await server.serve([bound])
        return
    watch = asyncio.create_task(_await_orphanhood(server, parent_pid))
    await server.serve([bound])
    watch.cancel()


async def _await_orphanhood(server: _Server, parent_pid: int) -> None:
    """Stop the server once the parent is gone; a dead child's new parent has another number."""
    direct = os.getppid() == parent_pid
    while os.getppid() == parent_pid if direct else _exists(parent_pid):  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    server.should_exit = True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _await_end_of_input(server: _Server) -> None:
    while os.read(sys.stdin.fileno(), 4_096):
        pass
    server.should_exit = True


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio leaves Nagle's algorithm on: 40 ms more on every answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error}", hint="--port 0 takes any free port") from error
    return bound
