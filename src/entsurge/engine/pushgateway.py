"""Pushes the exporter's metrics every few seconds while a run lasts, and once more at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gevent

from entsurge.client.failure import ClientError
from entsurge.errors import UsageError
from entsurge.metrics.push import SECONDS_TO_ANSWER, PushFailed, checked, push

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.blocking import BlockingClient
    from entsurge.metrics.exporter import Exporter

PUSH_SECONDS = 5.0


def check_gateway(url: str, client: BlockingClient) -> None:
    """Raise UsageError unless the gateway is on loopback or in the target's allow-list."""
    if not url:
        return
    try:
        client.endpoints(*checked(url), deadline_seconds=SECONDS_TO_ANSWER)
    except ClientError as error:
        raise UsageError(
            f"--push-gateway {url}: {error}", hint="metrics go to loopback or to a host that the target allows"
        ) from None


class PushGateway:
    """One run's pushes; what fails is said once, and the run goes on. Without a URL it does nothing."""

    def __init__(
        self, url: str, client: BlockingClient, exporter: Exporter, run: str, say: Callable[[str], None]
    ) -> None:
        self.url, self.client, self.exporter, self.run, self.say = url, client, exporter, run, say
        self.failed = False

    def __enter__(self) -> None:
        if self.url:
            self._greenlet = gevent.spawn(self._every_few_seconds)

    def __exit__(self, *_: object) -> None:
        if self.url:
            self._greenlet.kill()
            self.once()

    def _every_few_seconds(self) -> None:
        while True:
            gevent.sleep(PUSH_SECONDS)
            self.once()

    def once(self) -> None:
        """Push now."""
        try:
            push(self.url, self.client, self.exporter.registry, self.run)
        except PushFailed as error:
            if not self.failed:
                self.say(f"metrics could not be pushed: {error}")
            self.failed = True
