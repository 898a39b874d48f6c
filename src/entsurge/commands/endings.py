"""How a command that leaves a verdict ends: what SIGINT, SIGTERM and SIGHUP do at each of its stages.

Until something is measured a signal ends the command at once. From then on none does: it is passed on to the engine,
which ends in order, and verdict and report are made of what there is, in every ending but SIGKILL.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

from entsurge.errors import Ended
from entsurge.streams import lasting_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

END_SECONDS = 20.0
NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the terminal is gone (SIGHUP)"}


class Ending:
    """The signals that ask a command to end, while the context lives. `speaks`: they are answered with a line.

    A signal raises Ended until `hold` is called; then it is only kept, and passed on to the child if there is one.
    """

    def __init__(self, *, speaks: bool = True, reports: bool = True) -> None:
        self.speaks, self.reports = speaks, reports
        self.asked: list[int] = []
        self._held = False
        self._child: subprocess.Popen[Any] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Listen; SIGHUP is left alone where it is ignored, as under nohup."""
        if threading.current_thread() is threading.main_thread():
            wanted = [each for each in NAMES if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._asked) for number in wanted}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the signals as they were."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def code(self) -> int:
        """130, 143 or 129 by the first signal; 0 where none has come."""
        return 128 + self.asked[0] if self.asked else 0

    def hold(self) -> Self:
        """From now on no signal breaks anything off here."""
        self._held = True
        return self

    def run(self, start: Callable[[], subprocess.Popen[Any]]) -> int:
        """Start a child and wait for it: its exit code, that of the signal which ended it at our command."""
        with self.passing_on(start) as child:
            code = child.wait()
        return self.code if self.code and (code == 128 + signal.SIGINT or code < 0) else code

    @contextlib.contextmanager
    def passing_on(self, start: Callable[[], subprocess.Popen[Any]]) -> Iterator[subprocess.Popen[Any]]:
        """Start a child that is told what we are told, and is ended at the latest when the context is.

        It hears SIGINT first, and ends in order; SIGKILL when it is asked again, but by a terminal that says twice that
        it is gone. Signals wait until the child is known here; it unblocks them itself as soon as it can end in order.
        """
        known = signal.pthread_sigmask(signal.SIG_BLOCK, NAMES)
        try:
            child = self._child = start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, known)
        try:
            yield child
        finally:
            self._child = None
            end(child)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.asked.append(number)
        if self._child is not None:
            self._pass_on(self._child, number)
        elif self._held:
            self._say(
                f"{NAMES[signal.Signals(number)]}: verdict and report are still written; it then ends with exit code "
                f"{self.code}. Only SIGKILL keeps them from it; `entsurge report` makes up for that"
            )
        else:
            raise Ended(number)

    def _pass_on(self, child: subprocess.Popen[Any], number: int) -> None:
        name = NAMES[signal.Signals(number)]
        if len(self.asked) == 1:
            after = "; verdict and report follow" if self.reports else ""
            self._say(f"{name}: ending in order{after}. Once more: at once{', a report all the same' * self.reports}")
            child.send_signal(signal.SIGINT)
        elif number != signal.SIGHUP:
            self._say(f"{name}: ending at once")
            child.send_signal(signal.SIGKILL)

    def _say(self, words: str) -> None:
        """Past every buffer, which the interrupted code may be writing to."""
        if self.speaks:
            with contextlib.suppress(OSError):
                os.write(2, f"entsurge: {words}\n".encode())


def leaves_a_verdict(command: Callable[..., int]) -> Callable[..., int]:
    """A command that is given an `ending`, outlives its terminal, and exits by the signal that asked for its end."""

    @functools.wraps(command)
    def called(*arguments: Any, **given: Any) -> int:
        with lasting_streams(), Ending() as ending:
            code = command(*arguments, ending=ending, **given)
            return ending.code or code

    return called


def end(child: subprocess.Popen[Any]) -> None:
    """End a child process in order, and by force if it does not."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
