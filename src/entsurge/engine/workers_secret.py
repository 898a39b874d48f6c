"""The secret that a master and its workers share, from the environment; when there must be one."""

from __future__ import annotations

import os
from ipaddress import ip_address

from entsurge.errors import UsageError
from entsurge.said import said

VARIABLE = "ENTSURGE_WORKERS_SECRET"
LEAST_CHARACTERS = 16


def secret_of_environment(*, bind: str = "") -> str:
    """The secret that master and workers share; empty where none is set.

    `bind`: the host that a master is to listen at for workers elsewhere. Raises UsageError for a secret that is too
    short, and where others than this machine could come without one.
    """
    secret = os.environ.get(VARIABLE, "")
    if 0 < len(secret) < LEAST_CHARACTERS:
        raise UsageError(
            said("{variable}: shorter than {n} characters", variable=VARIABLE, n=LEAST_CHARACTERS),
            hint=said("such as what `openssl rand -hex 32` prints, the same for master and workers"),
        )
    if bind and not secret and not _here(bind):
        raise UsageError(
            said("--bind {host}: workers elsewhere need a secret: set {variable}", host=bind, variable=VARIABLE),
            hint=said("such as what `openssl rand -hex 32` prints, the same for master and workers"),
        )
    return secret


def _here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
