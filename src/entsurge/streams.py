"""Standard streams that may go away: a terminal that is closed, a reader that has left. The work goes on."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from entsurge.errors import CannotRecord
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Iterator


def deliver(text: str) -> None:
    """Write to stdout what a program is to read, whole. Raises CannotRecord when nobody receives all of it."""
    stream = sys.stdout
    while isinstance(stream, _Lasting):
        stream = stream.stream
    try:
        _write_whole(stream, text)
    except (OSError, ValueError) as error:
        _Lasting(stream).drop()
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CannotRecord(
            said("standard output: {why}: not all of it was written", why=why),
            hint="what was written is no whole document; read all of it, or write to a file",
        ) from None


def _write_whole(stream: TextIO, text: str) -> None:
    """Write and flush. Under PYTHONUNBUFFERED a stream takes a part, and says nothing of the rest."""
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
    else:
        stream.flush()
        left = memoryview(text.encode(stream.encoding or "utf-8", stream.errors or "strict"))
        while left:
            taken = binary.write(left)
            if taken is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            left = left[taken:]
    stream.flush()


class _Lasting:
    """A text stream whose words are dropped once nobody can receive them."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, or drop what nobody receives; how many characters were given."""
        try:
            return self.stream.write(text)
        except BlockingIOError:  # a reader that is slow has not left
            return len(text)
        except (OSError, ValueError):
            self.drop()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what nobody receives."""
        try:
            self.stream.flush()
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self.drop()

    def drop(self) -> None:
        """Let whatever is written from now on vanish, what the stream still holds included."""
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.stream.fileno())
            os.close(null)
        except (OSError, ValueError):
            self.stream = io.StringIO()


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
