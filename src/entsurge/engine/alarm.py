"""Sleeping until an instant, to a few µs: a timer of the kernel's that the hub watches.

The loop's own timers are half a millisecond late by themselves, since epoll counts in milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from time import monotonic_ns
from typing import Any, Self

import gevent

_CLOCK_MONOTONIC, _FROM_NOW = 1, 0
_READ = 1


class _Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    _fields_ = (("interval", _Moment), ("value", _Moment))


class Alarm:
    """One sleeper's alarm clock; a context. Where the kernel has no timerfd the loop's timers serve."""

    def __init__(self) -> None:
        self._number = -1
        self._watcher: Any = None
        if sys.platform == "linux":
            self._library = ctypes.CDLL(None, use_errno=True)
            self._number = self._library.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._number >= 0:
            self._watcher = gevent.get_hub().loop.io(self._number, _READ)

    def __enter__(self) -> Self:
        """The alarm itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Give the timer back."""
        if self._watcher is not None:
            self._watcher.close()
            os.close(self._number)
            self._watcher = None

    def sleep_until(self, due_ns: int) -> None:
        """Wait until this monotonic time; returns at once, without a turn of the loop, when it is past."""
        remaining = due_ns - monotonic_ns()
        if remaining <= 0:
            return
        if self._watcher is None:
            gevent.sleep(remaining / 1e9)
            return
        # From now on: whoever shifts wall clocks under a process (libfaketime) shifts absolute times of this clock too.
        while (remaining := due_ns - monotonic_ns()) > 0:
            setting = _Setting(value=_Moment(*divmod(remaining, 1_000_000_000)))
            if self._library.timerfd_settime(self._number, _FROM_NOW, ctypes.byref(setting), None):
                gevent.sleep(remaining / 1e9)  # no timer is set, none would wake us
                continue
            gevent.get_hub().wait(self._watcher)
            with contextlib.suppress(BlockingIOError):
                os.read(self._number, 8)
