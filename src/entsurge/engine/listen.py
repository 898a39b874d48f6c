"""Where workers come to: Locust's master, listening at an address of ours."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from locust.env import Environment

from entsurge.engine.seal import Seal
from entsurge.engine.workers_secret import secret_of_environment
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from entsurge.engine.spec import RunSpec


def master(spec: RunSpec) -> tuple[Environment, Seal]:
    """Locust's environment with a master runner, and what it is sealed with.

    For our own processes alone it listens on loopback, at any port, behind a secret of this run's own; for workers
    elsewhere behind the one that they share. Raises UsageError where nothing can listen there, or only unsealed.
    """
    host, port = _bound(spec.bind, only_here=not spec.workers)
    given = secret_of_environment(bind=host if spec.workers else "")
    seal = Seal(given if spec.workers else given or secrets.token_hex(32))
    seal.install()
    environment = Environment(host=spec.url)
    try:
        environment.create_master_runner(host, port)
    except (SystemExit, Exception) as error:
        raise UsageError(f"cannot listen for workers at {host}:{port}: {error}", hint="--bind HOST:PORT") from None
    return environment, seal


def _bound(bind: str, *, only_here: bool) -> tuple[str, int]:
    if only_here:
        return "127.0.0.1", 0
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--bind {bind}: not HOST:PORT", hint="such as 0.0.0.0:5557")
    return host, int(port)
