"""`entsurge`, and `python -m entsurge`: while it loads there is nothing to write down, and Ctrl-C ends it silently."""

import os
import signal

from entsurge.errors import INTERRUPTED

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))

from entsurge import cli


def main() -> None:
    """The command line; once a command is over its exit code stands, whatever comes while the process ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        cli.main()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
