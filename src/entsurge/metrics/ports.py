"""Ports of this machine: the one that is asked for, or the next that is free."""

from __future__ import annotations

import errno
import socket

from entsurge.errors import UsageError
from entsurge.said import said

HOST = "127.0.0.1"
TRIED = 50


def free_port(port: int, option: str, host: str = HOST) -> int:
    """This port at an address of ours, else the next of fifty that nobody listens on; 0 stays 0. Raises UsageError."""
    if not port:
        return 0
    last = min(port + TRIED, 65_535)
    for each in range(port, last + 1):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, each))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                told = said("{option} {port}: {why}", option=option, port=each, why=error.strerror or error)
                raise UsageError(told, hint="name another port") from None
            return each
    told = said("{option} {port}: no port is free up to {last}", option=option, port=port, last=last)
    raise UsageError(told, hint="name another port")
