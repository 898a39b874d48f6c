"""Where a sandbox listens and until when: an address, the end of its input, the end of its parent."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "ENTSANDBOX_TOKEN"  # noqa: S105  the variable that holds the administration's token, where one is given
SETTINGS = "ENTSANDBOX_SETTINGS"  # the variable that holds a member's settings: an address may hold a password
_PARENT_CHECK_SECONDS = 0.5


def address(host: str, bound: socket.socket) -> str:
    """Where a bound socket is found."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{bound.getsockname()[1]}"


def bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket on an address, which several processes may share. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio leaves Nagle's algorithm on: 40 ms more on every answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error}", hint="--port 0 takes any free port") from error
    return bound


def at_end_of_input(act: Callable[[], object]) -> None:
    """Do something once standard input has ended."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4_096):
            pass
        act()

    threading.Thread(target=wait, daemon=True).start()


async def orphaned(parent_pid: int) -> None:
    """Wait until the parent is gone; a dead child's new parent has another number."""
    direct = os.getppid() == parent_pid
    while os.getppid() == parent_pid if direct else _exists(parent_pid):  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(_PARENT_CHECK_SECONDS)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
