"""The process: a socket, uvicorn, a look a second; ends when whoever started it has closed our standard input."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entsurge.errors import UsageError
from entsurge.live.admission import LOOPBACK_NAMES, Admission
from entsurge.live.app import HANG_UP, application
from entsurge.live.look import Look
from entsurge.live.spec import TOKEN, LiveSpec
from entsurge.live.viewers import Viewers
from entsurge.targets.file import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_SECONDS = 1.0
LAST_SECONDS = 10.0  # for viewers to fetch the report once the run is judged
FREE_PORTS = 50  # so many ports after a busy one are tried
UNSENT_BYTES = 1 << 16  # of a viewer that reads slowly, in the kernel


def serve(spec: LiveSpec) -> None:
    """Serve until standard input ends and the last viewer has had the end. Raises UsageError."""
    certify(spec)
    with bind(spec.host, spec.port) as bound:
        port = bound.getsockname()[1]
        names = LOOPBACK_NAMES if is_loopback(spec.host) else (_bracketed(spec.host),)
        admission = Admission(names, port, bool(spec.certificate), os.environ.pop(TOKEN, ""))
        url = f"http{'s' * admission.tls}://{_bracketed(spec.host)}:{port}/"
        print(json.dumps({"url": url, "asked": spec.port, "port": port}), flush=True)
        asyncio.run(_serve(spec, bound, admission))


def certify(spec: LiveSpec) -> None:
    """Refuse a certificate or key that cannot be used. Raises UsageError."""
    if not spec.certificate:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(spec.certificate, spec.key)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(
            f"{spec.certificate}, {spec.key}: cannot be used: {said}",
            hint="--live-certificate and --live-key take a chain and its key in PEM, without a password",
        ) from None


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there, or on the next free port after it. Raises UsageError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UsageError(f"--live {host}: {error.strerror}", hint="an address or a name of this machine") from None
    last = min(port + FREE_PORTS, 65_535) if port else 0
    for each in range(port, last + 1):
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
        try:
            bound.bind((address[0], each))
            bound.listen()
        except OSError as error:
            bound.close()
            if error.errno != errno.EADDRINUSE:
                raise UsageError(f"--live {host}:{each}: {error.strerror}", hint="--live=HOST:PORT") from None
            continue
        return bound
    raise UsageError(f"--live {host}:{port}: no port is free up to {last}", hint="--live=0 takes any free port")


class Protocol(HttpToolsProtocol):
    """HTTP with one more thing that the application may do: hang up on whoever does not read."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope.setdefault("extensions", {})[HANG_UP] = {"now": self.transport.abort}


class Server(uvicorn.Server):
    """A server that no signal ends: whoever started it does, and a terminal's Ctrl-C is for the run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM alone."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        yield


async def _serve(spec: LiveSpec, bound: socket.socket, admission: Admission) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    look, viewers, over = Look(Path(spec.folder)), Viewers(), asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_wait_for_end, args=(lambda: loop.call_soon_threadsafe(over.set),), daemon=True).start()
    server = Server(
        uvicorn.Config(
            application(look, viewers, admission),
            http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, timeout_keep_alive=5, timeout_graceful_shutdown=1,
            ssl_certfile=spec.certificate or None, ssl_keyfile=spec.key or None,
        )
    )  # fmt: skip
    looking = asyncio.create_task(_look(look, viewers, over, server))
    await server.serve([bound])
    looking.cancel()


async def _look(look: Look, viewers: Viewers, over: asyncio.Event, server: uvicorn.Server) -> None:
    """Tell everybody what there is, once a second; at the end a last time, and wait for those who fetch the report."""
    while not over.is_set():
        await tell(look, viewers, "look")
        try:
            await asyncio.wait_for(over.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
    await tell(look, viewers, "over")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(viewers.nobody.wait(), LAST_SECONDS)
    viewers.dismiss()
    server.should_exit = True


async def tell(look: Look, viewers: Viewers, kind: str) -> None:
    """Look, and tell every viewer; what fails is said in one line."""
    try:
        snapshot = await asyncio.to_thread(look.snapshot)
    except Exception as error:  # what cannot be shown now may be in a second, and the end must be told in any case
        print(f"entsurge: live page: {type(error).__name__}: {error}", file=sys.stderr)
        return
    viewers.tell(f"event: {kind}\ndata: {snapshot.to_json()}\n\n")


def _wait_for_end(act: Callable[[], object]) -> None:
    while os.read(sys.stdin.fileno(), 4_096):
        pass
    act()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
