"""HAProxy's runtime socket: one command a connection."""

from __future__ import annotations

import csv
import io
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_SECONDS = 3.0


class Gone(EntsurgeError):
    """Nobody listens at the socket: HAProxy is not there."""


def ask(path: str, command: str) -> str:
    """What HAProxy answers to a command. Raises EntsurgeError when nobody answers, Gone when nobody is there."""
    heard = b""
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(ANSWER_SECONDS)
            one.connect(path)
            one.sendall(command.encode() + b"\n")
            while piece := one.recv(65536):
                heard += piece
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise Gone(f"HAProxy does not answer at {path}: {error}") from None
    except OSError as error:
        raise EntsurgeError(f"HAProxy does not answer at {path}: {error}") from None
    return heard.decode("utf-8", "replace").strip()


class HaproxyFault(Fault):
    """A fault at an HAProxy whose runtime socket (level admin) is at `socket`. HAProxy has no lease of its own."""

    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = "requests"
    socket: str
    _before: int = PrivateAttr(0)

    def lacks(self) -> list[str]:
        """The socket."""
        return [] if Path(self.socket).is_socket() else [f"{self.socket}: no socket of HAProxy"]

    def command(self, command: str) -> None:
        """Give a command that answers nothing when it succeeds. Raises EntsurgeError with its answer."""
        answer = ask(self.socket, command)
        if answer:
            raise EntsurgeError(f"HAProxy refused {command!r}: {answer}")

    def counted(self) -> int:
        """Its `evidence` since HAProxy began, as HAProxy counts it. Raises EntsurgeError."""
        raise NotImplementedError

    def touched(self) -> int:
        """Those that came while it was in force."""
        return self.counted() - self._before

    def came_to(self, backend: str) -> int:
        """The requests that a backend has had. Raises EntsurgeError when there is none."""
        rows = [row for row in self._stat() if row["pxname"] == backend and row["svname"] == "BACKEND"]
        if not rows:
            raise EntsurgeError(f"HAProxy has no backend {backend}")
        return int(rows[0]["stot"])

    def servers(self, backend: str) -> dict[str, dict[str, str]]:
        """The servers of a backend and what HAProxy says of them. Raises EntsurgeError when there is none."""
        rows = [row for row in self._stat() if row["pxname"] == backend and row["type"] == "2"]
        if not rows:
            raise EntsurgeError(f"HAProxy has no backend {backend} with servers")
        return {row["svname"]: row for row in rows}

    def _stat(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(ask(self.socket, "show stat").lstrip("# "))))

    def back(self, before: dict[str, Any]) -> Sequence[str]:
        """The commands that put back what `prepare` found."""
        raise NotImplementedError

    def undo(self, before: dict[str, Any]) -> None:
        """Give each of them, whatever becomes of the others. An HAProxy that is gone took with it what was changed.

        Raises EntsurgeError with everything that was refused, and where HAProxy is there and does not answer.
        """
        wrong = []
        for each in self.back(before):
            try:
                self.command(each)
            except Gone:
                return
            except EntsurgeError as error:
                wrong.append(str(error))
        if wrong:
            raise EntsurgeError("; ".join(wrong))

    def way_back(self, before: dict[str, Any]) -> str:
        """The commands, and where."""
        return f"at {self.socket}: {'; '.join(self.back(before))}"


def of(before: dict[str, Any], key: str) -> dict[str, str]:
    """A table of names that was kept."""
    return dict(before.get(key, {}))
