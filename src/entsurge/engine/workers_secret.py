"""The secret that a master and its workers share, from the environment or a file named there; when it is needed."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path

from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.secret import of_file

VARIABLE, FILE_VARIABLE = "ENTSURGE_WORKERS_SECRET", "ENTSURGE_WORKERS_SECRET_FILE"
LEAST_CHARACTERS = 16


def secret_of_environment(*, bind: str = "") -> str:
    """The secret that master and workers share; empty where none is set.

    The variable itself comes before the file. `bind`: the host that a master is to listen at for workers elsewhere.
    Raises UsageError for a file that cannot be read or that others may read, for a secret that is too short, and where
    others than this machine could come without one.
    """
    variable, secret = _given()
    if 0 < len(secret) < LEAST_CHARACTERS:
        raise UsageError(
            said("{variable}: shorter than {n} characters", variable=variable, n=LEAST_CHARACTERS),
            hint=said("such as what `openssl rand -hex 32` prints, the same for master and workers"),
        )
    if bind and not secret and not _here(bind):
        raise UsageError(
            said("--bind {host}: workers elsewhere need a secret: set {variable}", host=bind, variable=VARIABLE),
            hint=said("such as what `openssl rand -hex 32` prints, the same for master and workers"),
        )
    return secret


def _given() -> tuple[str, str]:
    """The variable that says it, and the secret."""
    named = os.environ.get(FILE_VARIABLE, "")
    if os.environ.get(VARIABLE) or not named:
        return VARIABLE, os.environ.get(VARIABLE, "")
    try:
        return FILE_VARIABLE, of_file(Path(named))
    except ValueError as error:
        raise UsageError(said("{variable}: {fault}", variable=FILE_VARIABLE, fault=str(error))) from None


def _here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
