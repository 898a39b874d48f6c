"""Whether a target is at rest: a first page takes no longer than it did before the first run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError
from entsurge.errors import TargetUnreachable
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.access import Access

PROBES, IN_A_ROW = 5, 3
AS_FAST, SLACK_SECONDS = 2.0, 0.05  # of the time at rest, and what a few milliseconds more are
PAUSE_SECONDS, MOST_SECONDS, DEADLINE_SECONDS = 0.5, 120.0, 10.0


@dataclass
class FirstPage:
    """The first page of a target as its probe. `ask` returns its seconds, or raises ClientError."""

    ask: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def answers(self) -> float:
        """The seconds of one. Raises TargetUnreachable where nothing answers."""
        try:
            return self.ask()
        except ClientError as error:
            raise TargetUnreachable(said("the target's first page: {said}", said=error.said)) from None

    def seconds(self) -> float:
        """The median of five. Raises TargetUnreachable where nothing answers."""
        return median(self.answers() for _ in range(PROBES))

    def wait(self, rest_seconds: float) -> bool:
        """Until three in a row take at most twice the time at rest (and 50 ms); False after two minutes."""
        ends, row = self.clock() + MOST_SECONDS, 0
        while row < IN_A_ROW:
            row = row + 1 if self._at_rest(rest_seconds) else 0
            if row < IN_A_ROW:
                if self.clock() > ends:
                    return False
                self.sleep(PAUSE_SECONDS)
        return True

    def _at_rest(self, rest_seconds: float) -> bool:
        try:
            return self.ask() <= AS_FAST * rest_seconds + SLACK_SECONDS
        except ClientError:
            return False


def first_page(url: str, access: Access) -> FirstPage:
    """The probe of this address, redirects followed."""

    def ask() -> float:
        client, began = access.blocking(), time.monotonic()
        client.follow(client.request("GET", url, deadline_seconds=DEADLINE_SECONDS), deadline_seconds=DEADLINE_SECONDS)
        return time.monotonic() - began

    return FirstPage(ask)
