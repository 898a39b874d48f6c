"""A process as the kernel sees it from outside: resident memory, threads, descriptors, live connections, children."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
ESTABLISHED = "01"
SOCKET = re.compile(r"socket:\[(\d+)\]")


class Seen(NamedTuple):
    """One look at a process. `live` of its `descriptors` are TCP connections that are established.

    `pid` is its number, so that one in another's place is told from it.
    """

    resident_kb: int
    threads: int
    descriptors: int
    live: int
    pid: int


def look(pid: int) -> Seen | None:
    """The process now; None once it is gone."""
    try:
        status = dict(line.split(":\t", 1) for line in _lines(f"{pid}/status") if ":\t" in line)
        descriptors = list(_descriptors(pid))
        established = _established(pid)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if "VmRSS" not in status:  # it has ended and nobody has asked after it
        return None
    inodes = {found[1] for each in descriptors if (found := SOCKET.fullmatch(each))}
    return Seen(
        int(status["VmRSS"].split()[0]), int(status["Threads"]), len(descriptors), len(inodes & established), pid
    )  # fmt: skip


def children(pid: int) -> dict[int, str]:
    """The processes that this one has started, each with its command line."""
    found = {}
    for each in PROC.iterdir():
        if not each.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if int((each / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1]) == pid:
                found[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def sizes(folder: Path) -> dict[str, int]:
    """The bytes of each file in a folder, however deep, by its path in it."""
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                found[str(path.relative_to(folder))] = path.stat().st_size
    return found


def _lines(name: str) -> list[str]:
    return (PROC / name).read_text("utf-8", "replace").splitlines()


def _descriptors(pid: int) -> Iterator[str]:
    """What each of its descriptors stands for; those that are closed meanwhile are none."""
    for each in (PROC / str(pid) / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield str(each.readlink())


def _established(pid: int) -> set[str]:
    """The inodes of all TCP connections that are established where this process lives."""
    fields = [line.split() for name in ("tcp", "tcp6") for line in _lines(f"{pid}/net/{name}")[1:]]
    return {each[9] for each in fields if each[3] == ESTABLISHED}
