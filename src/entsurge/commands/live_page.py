"""`--live`: the live page beside a run, in a process of its own; what may be asked of it, and what is refused."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entsurge.commands.endings import end
from entsurge.errors import UsageError
from entsurge.extras import need
from entsurge.file_values import unwritable
from entsurge.live.spec import TOKEN, LiveSpec
from entsurge.said import said
from entsurge.secret import too_open
from entsurge.targets.file import is_loopback
from entsurge.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST, PORT = "127.0.0.1", 9647
SHORTEST_TOKEN = 16
START_SECONDS, LAST_SECONDS = 30.0, 15.0
OPTION = "--live"


class WithLive(click.Command):
    """A command whose `--live` takes a value after `=` alone: `--live PROFILE` is the bare option and an argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a bare `--live` the address that it stands for; `--` ends the options."""
        end_of_options = args.index("--") if "--" in args else len(args)
        said = [f"{OPTION}={HOST}:{PORT}" if each == OPTION else each for each in args[:end_of_options]]
        return super().parse_args(ctx, said + args[end_of_options:])


def live_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--live` and what another address than loopback needs."""
    for option in (
        click.option(
            "--live-key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The certificate's key."
        ),
        click.option(
            "--live-certificate", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
            help="The live page over TLS: a certificate chain in PEM; needed elsewhere than on loopback.",
        ),
        click.option(
            "--live-token", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
            help=f"A file of mode 600 with the token that the live page asks for (or {TOKEN} in the environment); "
            "needed elsewhere than on loopback.",
        ),
        click.option(
            OPTION, metavar="[=[HOST:]PORT]",
            help="Our live page for the crisis cell's browser: figures, course, health, faults and measures with a "
            f"button each that stops them. On {HOST}:{PORT} unless said otherwise.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@dataclass(frozen=True)
class Asked:
    """The live page as the options ask for it. The token is in no artefact."""

    host: str
    port: int
    token: str
    certificate: str
    key: str


def asked(live: str | None, token: Path | None, certificate: Path | None, key: Path | None) -> Asked | None:
    """What these options ask for; None without `--live`. Raises UsageError, before anything is touched."""
    if live is None:
        if token or certificate or key:
            raise UsageError(
                said("--live-token, --live-certificate and --live-key belong to {option}", option=OPTION),
                hint=said("add {option}", option=OPTION),
            )
        return None
    need("live", OPTION)
    host, port = _place(live)
    if bool(certificate) != bool(key):
        raise UsageError("--live-certificate and --live-key go together", hint="name both files")
    secret = _token(token)
    if not is_loopback(host):
        needed = {"--live-token": secret, "--live-certificate": certificate, "--live-key": key}
        lacks = [what for what, there in needed.items() if not there]
        if lacks:
            raise UsageError(
                said(
                    "{option}={host}:{port} is not loopback: it needs {names}",
                    option=OPTION,
                    host=host,
                    port=port,
                    names=", ".join(lacks),
                ),
                hint=said(
                    "a token of your own ({token} or a file of mode 600) and TLS; docs/live-page.md", token=TOKEN
                ),
            )
    return Asked(host, port, secret, str(certificate or ""), str(key or ""))


@contextlib.contextmanager
def live_page(wanted: Asked | None, folder: Path) -> Iterator[None]:
    """The live page of a run that goes into this folder, until the context is left; nothing where none is wanted.

    The context is left once the report is there: whoever looks is told the verdict then. Raises UsageError where it
    cannot be served.
    """
    if wanted is None:
        yield
        return
    spec = LiveSpec(str(folder.resolve()), wanted.host, wanted.port, wanted.certificate, wanted.key)
    child = subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-P", "-m", "entsurge.live", spec.to_json()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=_environment(wanted.token),
    )  # fmt: skip
    try:
        _say_where(child)
        yield
    finally:
        _leave(child)


def _place(live: str) -> tuple[str, int]:
    host, colon, number = live.rpartition(":")
    host = host.strip("[]") if colon else HOST
    if not host or not number.isascii() or not number.isdigit() or int(number) > 65_535:
        raise UsageError(
            said("{option}={live}: not [HOST:]PORT", option=OPTION, live=live),
            hint=said("such as {option}={port} or {option}=[::1]:{port}", option=OPTION, port=PORT),
        )
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            hint = "name the address or the name that browsers will ask for: any other is refused"
            raise UsageError(
                said("{option}={live}: stands for every address of this machine", option=OPTION, live=live), hint=hint
            )
    return host, int(number)


def _token(path: Path | None) -> str:
    """The operator's token; empty where none is given."""
    if path is None:
        found, whence = os.environ.get(TOKEN, ""), f"the environment variable {TOKEN}"
    else:
        fault = too_open(path)
        if fault:
            raise UsageError(said("--live-token: {fault}", fault=fault))
        try:
            found, whence = path.read_text(encoding="utf-8-sig").strip(), str(path)
        except UnicodeDecodeError:
            raise UsageError(said("--live-token: {path}: not a text file in UTF-8", path=path)) from None
    if (found or path) and (len(found) < SHORTEST_TOKEN or unwritable(found)):
        hint = "such as what `openssl rand -base64 24` prints"
        raise UsageError(
            said(
                "{whence}: a token takes {shortest_token} characters or more, in one line",
                whence=whence,
                shortest_token=SHORTEST_TOKEN,
            ),
            hint=hint,
        )
    return found


def _environment(token: str) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if name != TOKEN}
    return rest | ({TOKEN: token} if token else {})


def _say_where(child: subprocess.Popen[bytes]) -> None:
    """Read the line that says where the page is, and say it. Raises UsageError."""
    limit, line = time.monotonic() + START_SECONDS, b""
    while child.stdout is not None and not line.endswith(b"\n"):
        readable, _, _ = select.select([child.stdout], [], [], max(0.0, limit - time.monotonic()))
        piece = os.read(child.stdout.fileno(), 4_096) if readable else b""
        if not piece:
            raise UsageError(
                said("{option}: the live page could not be served", option=OPTION),
                hint="leave it out, or see the line above",
            )
        line += piece
    told = json.loads(line)
    busy = f" ({told['asked']} is taken)" if told["asked"] not in (0, told["port"]) else ""
    echo(f"entsurge: live page: {told['url']}{busy}", err=True)


def _leave(child: subprocess.Popen[bytes]) -> None:
    """Tell the page that all is over, let viewers hear it, and see to it that it ends."""
    with contextlib.suppress(OSError):
        if child.stdin:
            child.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(LAST_SECONDS)
    end(child)
    if child.stdout:
        child.stdout.close()
