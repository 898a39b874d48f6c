"""`python -m entsandbox`: one sandbox in a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields

from entsandbox.listening import SETTINGS
from entsandbox.live_limits import LiveLimits
from entsandbox.server import serve
from entsandbox.settings import Settings
from entsurge.errors import EntsurgeError, UsageError

_WHOLE = (
    "port",
    "workers",
    "pool",
    "session-limit",
    "queue-limit",
    "seed",
    "academies",
    "schools",
    "classes-per-school",
    "pupils-per-class",
    "processes",
    "burst",
    "password-cost",
    "upload-bytes",
    "quota-bytes",
    "waiting-room-places",
)
_TEXTS = ("speak", "host", "database", "files-folder", "spread", "refusal")
_NUMBERS = (
    "capacity-factor",
    "idle-seconds",
    "compression",
    "simulated-hour",
    "parents-marks-hours",
    "token-seconds",
    "pages-per-minute",
    "reread-seconds",
    "waiting-room-per-second",
)


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that a command line asks for; what it leaves out keeps its default."""
    if arguments.member and SETTINGS in os.environ:
        return Settings.from_json(os.environ[SETTINGS])
    if arguments.settings is not None:
        return Settings.from_json(arguments.settings)
    given = {entry.name: getattr(arguments, entry.name, None) for entry in fields(Settings)}
    given["service_seconds"] = dict(map(_service, arguments.service))
    given["live"] = LiveLimits.from_words(arguments.live)
    given["service_spread"] = dict(each.split("=", 1) for each in arguments.service_spread if "=" in each)
    return Settings(**{name: value for name, value in given.items() if value is not None})


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m entsandbox", description=__doc__, allow_abbrev=False)
    made.add_argument("--settings", metavar="JSON", help="every setting at once, in place of the options")
    for name in _TEXTS:
        made.add_argument(f"--{name}")
    for name in _WHOLE:
        made.add_argument(f"--{name}", type=int)
    for name in _NUMBERS:
        made.add_argument(f"--{name}", type=float)
    made.add_argument("--service-seconds", type=float, dest="default_seconds")
    made.add_argument("--service", action="append", default=[], metavar="SERVICE=SECONDS")
    made.add_argument("--service-spread", action="append", default=[], metavar="SERVICE=DISTRIBUTION")
    made.add_argument("--mobile-redirect", action="append", dest="mobile_redirects", metavar="URI")
    made.add_argument("--live", action="append", default=[], metavar="NAME=VALUE", help="such as video_kbps=500")
    made.add_argument("--unlimited", action="store_true", help="lift workers, pool, queue, sessions and waiting room")
    made.add_argument("--parent-pid", type=int, help="stop when this process is gone")
    made.add_argument("--member", action="store_true", help="one of several processes, of a filled database")
    made.add_argument("--watch-stdin", action="store_true", help="stop at the end of standard input")
    return made


def main(argv: list[str] | None = None) -> int:
    """Serve as the command line says; the exit code."""
    arguments = parser().parse_args(argv)
    try:
        serve(
            settings_of(arguments),
            parent_pid=arguments.parent_pid,
            watch_stdin=arguments.watch_stdin,
            member=arguments.member,
        )
    except EntsurgeError as error:
        print(f"{error}\n{error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    return 0


def _service(text: str) -> tuple[str, float]:
    name, _, seconds = text.partition("=")
    try:
        return name, float(seconds)
    except ValueError:
        raise UsageError(f"--service {text}: expected SERVICE=SECONDS", hint="such as homework=0.4") from None


if __name__ == "__main__":
    sys.exit(main())
