"""Where workers come to: Locust's master, listening at an address of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust.env import Environment

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from entsurge.engine.spec import RunSpec


def master(spec: RunSpec) -> Environment:
    """Locust's environment with a master runner; on loopback, at any port, for our own processes alone.

    Raises UsageError where nothing can listen there.
    """
    environment = Environment(host=spec.url)
    host, port = _bound(spec.bind, only_here=not spec.workers)
    try:
        environment.create_master_runner(host, port)
    except (SystemExit, Exception) as error:
        raise UsageError(f"cannot listen for workers at {host}:{port}: {error}", hint="--bind HOST:PORT") from None
    return environment


def _bound(bind: str, *, only_here: bool) -> tuple[str, int]:
    if only_here:
        return "127.0.0.1", 0
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--bind {bind}: not HOST:PORT", hint="such as 0.0.0.0:5557")
    return host, int(port)
