"""The engine and the sandbox as processes of their own: started, listened to, and always ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from entsurge.commands.endings import Ending, end
from entsurge.engine.spec import ADMIN_TOKEN, RunSpec
from entsurge.errors import UNEXPECTED, TargetUnreachable
from entsurge.terminal import LANG, echo, language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_SECONDS = 60.0


def run_engine(spec: RunSpec, *, token: str = "", prefix: Sequence[str] = (), ending: Ending | None = None) -> int:
    """Run the engine to its end; a signal reaches it once, and it then writes down what it has.

    Returns the engine's exit code; 128 and the signal's number where we were asked to end, before it or during it; 1
    where something else killed it. The admin token travels in the environment; `prefix` is a command that starts it
    elsewhere, such as in a network namespace.
    """
    if ending is None:
        with Ending(reports=False) as own:
            return run_engine(spec, token=token, prefix=prefix, ending=own)
    if ending.hold().asked:
        return ending.code
    environment = _watched() | {LANG: language()} | ({ADMIN_TOKEN: token} if token else {})
    arguments = [*prefix, sys.executable, "-P", "-m", "entsurge.engine", spec.to_json()]
    code = ending.run(lambda: subprocess.Popen(arguments, env=environment, start_new_session=True))  # noqa: S603  ours
    if code < 0:
        echo(f"entsurge: the engine's process was ended by signal {-code}", err=True)
        return UNEXPECTED
    return code


class LinesOfEngine:
    """The lines that the engine's process prints, as they come; `code` is its exit code once they have been read."""

    def __init__(self, *arguments: str) -> None:
        self.arguments, self.code = arguments, 0

    def __iter__(self) -> Iterator[str]:
        """The lines; the process is ended when they are left."""
        command = [sys.executable, "-P", "-m", "entsurge.engine", *self.arguments]

        def start() -> subprocess.Popen[str]:
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603

        with Ending(speaks=False) as ending, ending.hold().passing_on(start) as child:
            if child.stdout is not None:
                with child.stdout:
                    yield from child.stdout
            code = child.wait()
            self.code = ending.code or code


def run_worker(host: str, port: int) -> int:
    """Run a worker to its end; Ctrl-C ends it in order. Returns its exit code."""
    arguments = [sys.executable, "-P", "-m", "entsurge.engine", "--worker", host, str(port)]
    with Ending(speaks=False) as ending:
        return ending.hold().run(
            lambda: subprocess.Popen(arguments, env=_watched(), start_new_session=True)  # noqa: S603  our own module
        )


def _watched() -> dict[str, str]:
    """The environment of a child that ends when this process is gone."""
    return os.environ | {"ENTSURGE_PARENT": str(os.getpid())}


@contextlib.contextmanager
def sandbox(settings_json: str) -> Iterator[tuple[str, str]]:
    """A sandbox that lives as long as the context: its URL and its admin token.

    Raises TargetUnreachable when it does not start.
    """
    arguments = [sys.executable, "-P", "-m", "entsandbox", "--settings", settings_json, "--watch-stdin"]
    child = subprocess.Popen(  # noqa: S603  our own module
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        ready = _first_line(child)
        yield str(ready["url"]), str(ready["admin_token"])
    finally:
        end(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _first_line(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The line that the sandbox prints once it listens."""
    if child.stdout is None:
        raise TargetUnreachable("the sandbox has no output")
    limit, line = time.monotonic() + START_SECONDS, b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([child.stdout], [], [], max(0.0, limit - time.monotonic()))
        piece = os.read(child.stdout.fileno(), 4096) if readable else b""
        if not piece:
            raise TargetUnreachable("the sandbox did not start", hint="try `entsurge sandbox` by itself")
        line += piece
    found: dict[str, Any] = json.loads(line)
    return found
