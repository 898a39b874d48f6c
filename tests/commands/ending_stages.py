"""A command in one of its stages, which says where it is and waits: for tests of what signals do there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from entsurge.cli import main
from entsurge.commands.endings import Ending, leaves_a_verdict
from entsurge.commands.judge import judge

# A child as the engine is: unblocks signals once it can end in order; writes down what it heard.
CHILD = """
import os, signal, sys, time
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
print("child", flush=True)
limit = time.monotonic() + 30
while time.monotonic() < limit and not (heard and sys.argv[1] == "orderly"):
    time.sleep(0.01)
print("in order", flush=True)
sys.exit(130)
"""


def wait() -> None:
    """Say that we are there; wait, at most half a minute, for what will happen."""
    print("ready", flush=True)
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        time.sleep(0.01)


def free(ending: Ending) -> int:
    """Nothing is measured yet."""
    del ending
    try:
        wait()
    finally:
        print("let go", flush=True)
    return 0


def child(ending: Ending, kind: str = "orderly") -> int:
    """The engine runs."""
    ending.hold()
    return ending.run(lambda: subprocess.Popen([sys.executable, "-c", CHILD, kind], start_new_session=True))


def stubborn(ending: Ending) -> int:
    """The engine runs and does not end."""
    return child(ending, "stubborn")


def starting(ending: Ending) -> int:
    """The engine is being started, and the signal comes before anybody knows it."""

    def start() -> subprocess.Popen[bytes]:
        os.kill(os.getpid(), signal.SIGINT)
        return subprocess.Popen([sys.executable, "-c", CHILD, "orderly"], start_new_session=True)

    ending.hold()
    return ending.run(start)


def judging(ending: Ending) -> int:
    """Verdict and report are made of the run named."""
    ending.hold()
    run = Path(sys.argv[2])
    return judge([run], run, engine_codes=[0])


@leaves_a_verdict
def staged(ending: Ending) -> int:
    """The stage that is asked for."""
    found: int = globals()[sys.argv[1]](ending)
    return found


if __name__ == "__main__":
    import entsurge.cli

    entsurge.cli.entsurge.main = lambda **_: staged()
    main([])
