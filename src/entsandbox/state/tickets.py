"""Things handed out under a random token and taken back once: service tickets and login forms."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class OneTime(Protocol):
    """A box of things, each good once and in time."""

    async def issue(self, thing: str) -> str:
        """Keep a thing; the token that takes it back."""
        ...

    async def take(self, token: str) -> str | None:
        """The thing of a token, gone from the box; none when it was taken, is too old or never was."""
        ...


class LocalOneTime:
    """A bounded box in memory, whose things are good for `seconds`; when full, the oldest makes room."""

    def __init__(
        self, prefix: str, seconds: float, *, most: int = 200_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prefix = prefix
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def issue(self, thing: str) -> str:
        """Keep a thing; the token that takes it back."""
        self._drop_old()
        token = new_token(self._prefix)
        self._kept[token] = (self._clock() + self._seconds, thing)
        return token

    async def take(self, token: str) -> str | None:
        """The thing of a token, gone from the box; none when it was taken, is too old or never was."""
        until, thing = self._kept.pop(token, (0.0, ""))
        return thing if self._clock() < until else None

    def _drop_old(self) -> None:
        while self._kept:
            until, _ = next(iter(self._kept.values()))
            if until > self._clock() and len(self._kept) < self._most:
                return
            self._kept.popitem(last=False)


def new_token(prefix: str) -> str:
    """A token that nobody guesses."""
    return f"{prefix}-{secrets.token_urlsafe(24)}"
