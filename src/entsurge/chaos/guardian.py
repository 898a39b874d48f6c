"""The guardian: in a session of its own, it undoes what is left when the controller is gone.

It reads its standard input, which only the controller holds open: `bye` means that all is well; the end of the input
without it means that the controller has vanished.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from typing import IO

from entsurge.chaos.process import Process
from entsurge.chaos.settle import settle
from entsurge.chaos.state import Record, in_force

GRACE_SECONDS = 0.4  # the child hears of it too, and may end its fault itself
DISMISS_SECONDS = 10


def start() -> subprocess.Popen[bytes]:
    """Start a guardian of this process."""
    me = Process.me()
    return subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-P", "-m", "entsurge.chaos.guardian", str(me.pid), str(me.started)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
    )  # fmt: skip


def dismiss(watching: subprocess.Popen[bytes]) -> None:
    """Tell a guardian that all is well; it settles what is left all the same, and is gone then."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        watching.communicate(b"bye", timeout=DISMISS_SECONDS)


def main(controller: Process, commands: IO[bytes]) -> None:
    """Wait for the end of the controller, and settle what it left."""
    heard = commands.read()
    if b"bye" in heard and not _of(controller):
        return
    limit = time.monotonic() + GRACE_SECONDS
    while _of(controller) and time.monotonic() < limit:
        time.sleep(0.05)
    for record in _of(controller):
        settle(record, "guardian")


def _of(controller: Process) -> list[Record]:
    return [record for record in in_force() if record.controller == controller]


if __name__ == "__main__":
    main(Process(int(sys.argv[1]), int(sys.argv[2])), sys.stdin.buffer)
