"""Standard streams that may go away: a terminal that is closed, a reader that has left. The work goes on."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Lasting:
    """A text stream whose words are dropped once nobody can receive them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop what nobody receives; how many characters were given."""
        try:
            return self._stream.write(text)
        except BlockingIOError:  # a reader that is slow has not left
            return len(text)
        except (OSError, ValueError):
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what nobody receives."""
        try:
            self._stream.flush()
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._drop()

    def _drop(self) -> None:
        """Let whatever is written from now on vanish, what the stream still holds included."""
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
        except (OSError, ValueError):
            self._stream = io.StringIO()


@contextlib.contextmanager
def lasting_streams() -> Iterator[None]:
    """While the context lives no write to stdout or stderr raises, whoever has left: words are dropped then."""
    before = sys.stdout, sys.stderr
    ours = [cast("TextIO", _Lasting(each)) for each in before]
    sys.stdout, sys.stderr = ours
    try:
        yield
    finally:
        for each in ours:
            each.flush()
        if sys.stdout is ours[0]:
            sys.stdout = before[0]
        if sys.stderr is ours[1]:
            sys.stderr = before[1]
