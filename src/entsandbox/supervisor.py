"""Several processes that serve one sandbox: one database, one port, one administration's token.

The first process fills the database and holds the port; the others serve. One that dies is started again.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.multiprocess import mark_process_dead

from entsandbox.listening import SETTINGS, TOKEN, address, at_end_of_input, bind, orphaned
from entsandbox.state.store import Database, seeding
from entsandbox.state.store.disk import Disk
from entsandbox.telemetry import FOLDER
from entsurge.errors import TargetUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsandbox.settings import Settings

_START_SECONDS = 60.0
_END_SECONDS = 10.0
_PAUSE_SECONDS = 1.0  # before a process that died is started again


def serve_together(
    settings: Settings, *, parent_pid: int | None, watch_stdin: bool, listening: Callable[[str, str], None]
) -> None:
    """Serve with `settings.processes` processes until told to stop, as `serve` is."""
    with closing(bind(settings.host, settings.port, shared=True)) as held, tempfile.TemporaryDirectory() as folder:
        port = held.getsockname()[1]
        settled = replace(settings, port=port, files_folder=settings.files_folder or str(Path(folder) / "files"))
        with closing(Database(settled.database, pool=1)) as database:
            database.rebuild()
            seeding.seed(database, Disk(settled.files_folder), settled.population)
        counts = Path(folder) / "counts"
        counts.mkdir()
        token = os.environ.get(TOKEN, "") or secrets.token_urlsafe(32)
        processes = _ServingProcesses(
            settled.processes, {TOKEN: token, SETTINGS: settled.to_json(), FOLDER: str(counts)}
        )
        asyncio.run(_serve(processes, parent_pid, watch_stdin, lambda: listening(address(settings.host, held), token)))


class _ServingProcesses:
    """The serving processes."""

    def __init__(self, size: int, environment: dict[str, str]) -> None:
        self.size = size
        self._environment = os.environ | environment
        self._counts = environment[FOLDER]

    async def keep(self, ready: asyncio.Event) -> None:
        """Keep one process serving; `ready` is set when it first does."""
        while True:
            process = await self._start()
            try:
                if not await self._serves(process) and not ready.is_set():
                    raise TargetUnreachable("a process of the sandbox did not start")
                ready.set()
                await process.wait()
            finally:
                await _end(process)
                mark_process_dead(process.pid, self._counts)  # type: ignore[no-untyped-call]
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _start(self) -> asyncio.subprocess.Process:
        command = [sys.executable, "-P", "-m", "entsandbox", "--member", "--parent-pid", str(os.getpid())]
        return await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env=self._environment, start_new_session=True,
        )  # fmt: skip

    async def _serves(self, process: asyncio.subprocess.Process) -> bool:
        if process.stdout is None:
            return False
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        except TimeoutError:
            return False
        return bool(line) and "url" in json.loads(line)


async def _serve(
    processes: _ServingProcesses, parent_pid: int | None, watch_stdin: bool, listening: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if watch_stdin:
        at_end_of_input(lambda: loop.call_soon_threadsafe(stop.set))
    ready = [asyncio.Event() for _ in range(processes.size)]
    serving: list[asyncio.Future[Any]] = [asyncio.create_task(processes.keep(each)) for each in ready]
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait())]
    if parent_pid is not None:
        waits.append(asyncio.create_task(orphaned(parent_pid)))
    started: asyncio.Future[Any] = asyncio.gather(*(each.wait() for each in ready))
    try:
        done, _ = await asyncio.wait([started, *waits, *serving], return_when=asyncio.FIRST_COMPLETED)
        if started in done:
            listening()
            await asyncio.wait([*waits, *serving], return_when=asyncio.FIRST_COMPLETED)
        for task in serving:
            if task.done():
                task.result()  # raises what kept it from starting
    finally:
        for each in (started, *waits, *serving):
            each.cancel()
        await asyncio.gather(started, *waits, *serving, return_exceptions=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process in order, and by force if it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
