"""The worker processes that a master starts beside itself, and always ends."""

from __future__ import annotations

import os
import subprocess
import sys

from entsurge.engine.workers_secret import VARIABLE

END_SECONDS = 5.0


class OwnWorkers:
    """Our own processes among the workers."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, count: int, port: int, secret: str) -> None:
        """Start so many, which come to this port of loopback with this secret and end when this process is gone."""
        command = [sys.executable, "-P", "-m", "entsurge.engine", "--worker", "127.0.0.1", str(port), "--quiet"]
        environment = os.environ | {"ENTSURGE_PARENT": str(os.getpid()), VARIABLE: secret}
        for _ in range(count):
            self._processes.append(subprocess.Popen(command, env=environment, start_new_session=True))  # noqa: S603  ours

    def dead(self) -> set[int]:
        """The numbers of those that have ended."""
        return {process.pid for process in self._processes if process.poll() is not None}

    def close(self) -> None:
        """End them in order, and by force what does not end."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
