"""What the buttons do: end what is in force, as `entsurge chaos stop` does, or the run, as Ctrl-C does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.record.reading.documents import engine_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Done:
    """Whether it was done, and what was said about it, a line each."""

    ok: bool
    said: str


async def stop(run: Path, experiments: Sequence[str] = ()) -> Done:
    """End these perturbations of a run, all of them for none, by the command that ends them from a terminal."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "entsurge", "chaos", "stop", "--run", run.name, "--", *experiments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(child.communicate(), STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()
        return Done(ok=False, said=f"nothing came of it within {STOP_SECONDS:.0f} s")
    return Done(child.returncode == 0, said.decode("utf-8", "replace").strip())


def end_run(run: Path) -> Done:
    """Send the engine of a run under way the signal that Ctrl-C is; it writes down what it has, the report follows."""
    number = engine_of(run)
    if number is None:
        return Done(ok=False, said="no run is under way")
    try:
        process = os.pidfd_open(number)
    except ProcessLookupError:
        return Done(ok=False, said="no run is under way")
    try:
        if engine_of(run) != number:  # now that the number is held: it is still the engine's
            return Done(ok=False, said="no run is under way")
        signal.pidfd_send_signal(process, signal.SIGINT)
    except ProcessLookupError:
        return Done(ok=False, said="no run is under way")
    finally:
        os.close(process)
    return Done(ok=True, said="")
