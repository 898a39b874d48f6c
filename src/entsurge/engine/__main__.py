"""The engine's process. Locust patches the process on import, so it comes before everything else.

But for one thing: until a run listens itself, a signal ends the process at once and without a word; whoever starts it
holds signals back until then.
"""

import os
import signal
import sys

from entsurge.errors import INTERRUPTED

for _number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_number, lambda *_: os._exit(INTERRUPTED))
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

import locust  # noqa: E402  isort: skip


class WithoutPandas:
    """pyarrow would load pandas with the first batch that it writes: half a second in which no visit moves."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raises ModuleNotFoundError for pandas; leaves everything else to the finders behind."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas stays out of the engine's process", name=name)


sys.meta_path.insert(0, WithoutPandas)

from entsurge.engine import cleanup, doctor, run, worker  # noqa: E402  after what may not be loaded
from entsurge.streams import lasting_streams  # noqa: E402  likewise


def main(arguments: list[str]) -> int:
    """A run, or what is named: a worker, a look at a target, a clean-up. The exit code."""
    if arguments[0] in ("--doctor", "--cleanup"):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return doctor.main(arguments[1]) if arguments[0] == "--doctor" else cleanup.main(arguments[1])
    with lasting_streams():
        if arguments[0] == "--worker":
            return worker.main(arguments[1], int(arguments[2]), quiet="--quiet" in arguments[3:])
        return run.main(arguments[0], locust.__version__)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
