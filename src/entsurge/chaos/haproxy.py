"""HAProxy's runtime socket: one command a connection."""

from __future__ import annotations

import csv
import io
import socket
from typing import Any, ClassVar

from entsurge.chaos.faults.fault import Fault, Lease
from entsurge.errors import EntsurgeError

ANSWER_SECONDS = 3.0


def ask(path: str, command: str) -> str:
    """What HAProxy answers to a command. Raises EntsurgeError when nobody answers."""
    heard = b""
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(ANSWER_SECONDS)
            one.connect(path)
            one.sendall(command.encode() + b"\n")
            while piece := one.recv(65536):
                heard += piece
    except OSError as error:
        raise EntsurgeError(f"HAProxy does not answer at {path}: {error}") from None
    return heard.decode("utf-8", "replace").strip()


class HaproxyFault(Fault):
    """A fault at an HAProxy whose runtime socket (level admin) is at `socket`. HAProxy has no lease of its own."""

    lease: ClassVar[Lease] = "guardian"
    socket: str

    def command(self, command: str) -> None:
        """Give a command that answers nothing when it succeeds. Raises EntsurgeError with its answer."""
        answer = ask(self.socket, command)
        if answer:
            raise EntsurgeError(f"HAProxy refused {command!r}: {answer}")

    def servers(self, backend: str) -> dict[str, dict[str, str]]:
        """The servers of a backend and what HAProxy says of them. Raises EntsurgeError when there is none."""
        text = ask(self.socket, "show stat").lstrip("# ")
        rows = [row for row in csv.DictReader(io.StringIO(text)) if row["pxname"] == backend and row["type"] == "2"]
        if not rows:
            raise EntsurgeError(f"HAProxy has no backend {backend} with servers")
        return {row["svname"]: row for row in rows}

    def gone(self) -> bool:
        """Whether HAProxy itself is gone: with it went what was changed at run time."""
        try:
            ask(self.socket, "show version")
        except EntsurgeError:
            return True
        return False


def of(before: dict[str, Any], key: str) -> dict[str, str]:
    """A table of names that was kept."""
    return dict(before.get(key, {}))
